"""From spooled PCM to an audio file: level, fades, container (spec/model.md §5.9)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile

from gateway.audio import ogg
from quartet.errors import InternalError
from quartet.songs import AudioFormat

Pcm = npt.NDArray[np.float32]

DEFAULT_PEAK_DBFS = -1.0
SILENT_PEAK = 1e-6
IN_MEMORY_BYTES = 32 * 2**20
# One write of minutes of stereo crashes libsndfile's Vorbis encoder.
BLOCK_SECONDS = 2
_SET_ADD_PEAK_CHUNK = 0x1050

_CONTAINERS = {
    AudioFormat.FLAC: ("FLAC", "PCM_24"),
    AudioFormat.WAV16: ("WAV", "PCM_16"),
    AudioFormat.WAV24: ("WAV", "PCM_24"),
    AudioFormat.WAV32F: ("WAV", "FLOAT"),
    AudioFormat.MP3: ("MP3", "MPEG_LAYER_III"),
    AudioFormat.OPUS: ("OGG", "OPUS"),
    AudioFormat.VORBIS: ("OGG", "VORBIS"),
}


@dataclass(frozen=True)
class Output:
    """How audio leaves: format, peak, linear fades in seconds."""

    format: AudioFormat
    peak_dbfs: float = DEFAULT_PEAK_DBFS
    keep_level: bool = False
    fade_in: float = 0.0
    fade_out: float = 0.0

    def gain(self, peak: float) -> float:
        """Factor for PCM with a largest absolute sample; silence is left alone."""
        if self.keep_level:
            return 1 / max(peak, 1.0)
        return float(10 ** (self.peak_dbfs / 20)) / peak if peak >= SILENT_PEAK else 1.0


class PcmSpool:
    """PCM of a song as it comes, because its level is known only at its end; a long one lies in a file."""

    def __init__(self, path: Path, samples: int, channels: int) -> None:
        self.samples = 0
        self.peak = 0.0
        shape = (samples, channels)
        long = 4 * samples * channels > IN_MEMORY_BYTES
        self._pcm: Pcm = np.memmap(path, dtype="<f4", mode="w+", shape=shape) if long else np.empty(shape, dtype="<f4")

    @property
    def pcm(self) -> Pcm:
        """What was added [samples, channels]."""
        return self._pcm[: self.samples]

    @contextmanager
    def changing(self) -> Iterator[Pcm]:
        """What was added, to be changed in place."""
        yield self.pcm
        self.peak = float(np.abs(self.pcm).max(initial=0.0))

    def add(self, pcm: Pcm) -> None:
        """Appends [samples, channels]. Raises InternalError beyond the length of the song."""
        end = self.samples + len(pcm)
        if end > len(self._pcm):
            raise InternalError(f"the vae stage sent {end} samples of a song of {len(self._pcm)}")
        self._pcm[self.samples : end] = pcm
        self.samples = end
        self.peak = max(self.peak, float(np.abs(pcm).max(initial=0.0)))


def write(spool: PcmSpool, target: Path, sample_rate: int, output: Output) -> None:
    """Writes spooled PCM as an audio file, block by block."""
    pcm = spool.pcm
    gain = np.float32(output.gain(spool.peak))
    container, subtype = _CONTAINERS[output.format]
    block = BLOCK_SECONDS * sample_rate
    with soundfile.SoundFile(
        target, "w", samplerate=sample_rate, channels=pcm.shape[1], format=container, subtype=subtype
    ) as file:
        _leave_out_time_stamp(file)
        for start in range(0, spool.samples, block):
            part = pcm[start : start + block] * gain
            envelope = fade(start, len(part), spool.samples, sample_rate, output)
            file.write(part * envelope[:, None])
    if container == "OGG":
        ogg.clear_serial_number(target)


def fade(start: int, count: int, total: int, sample_rate: int, output: Output) -> Pcm:
    """Linear envelope [count] of the samples from `start` on within a song of `total` samples."""
    position = np.arange(start, start + count, dtype=np.float64)
    rising = position / max(output.fade_in * sample_rate, 1e-9)
    falling = (total - 1 - position) / max(output.fade_out * sample_rate, 1e-9)
    envelope = np.ones(count)
    if output.fade_in:
        envelope = np.minimum(envelope, rising)
    if output.fade_out:
        envelope = np.minimum(envelope, falling)
    return envelope.astype(np.float32)


def _leave_out_time_stamp(file: soundfile.SoundFile) -> None:
    """libsndfile's PEAK chunk of float files carries the time of writing: equal songs would differ in their bytes."""
    library: Any = soundfile  # the command has no public name there
    library._snd.sf_command(file._file, _SET_ADD_PEAK_CHUNK, library._ffi.NULL, 0)
