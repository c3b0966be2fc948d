"""From spooled PCM to an audio file: sample rate, level, fades, container, tags (spec/model.md §5.9)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from gateway.audio import aac, ogg
from gateway.audio.tags import Tags, embed, mark_music
from quartet.errors import InternalError
from quartet.songs import AudioFormat

Pcm = npt.NDArray[np.float32]

DEFAULT_PEAK_DBFS = -1.0
SILENT_PEAK = 1e-6
SAMPLE_RATES = (44_100, 48_000)
OPUS_RATE = 48_000
MP3_BITRATES_KBPS = (128, 192, 256, 320)
DEFAULT_MP3_BITRATE_KBPS = 128
IN_MEMORY_BYTES = 32 * 2**20
# One write of minutes of stereo crashes libsndfile's Vorbis encoder.
BLOCK_SECONDS = 2
_SET_ADD_PEAK_CHUNK = 0x1050
# libsndfile asks LAME for the bit rate at a place between the highest and the lowest of MPEG-1.
_MP3_HIGHEST_KBPS, _MP3_LOWEST_KBPS = 320, 32

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
    """How audio leaves: format, peak, linear fades in seconds, samples a second (0 for those of the codec)."""

    format: AudioFormat
    peak_dbfs: float = DEFAULT_PEAK_DBFS
    keep_level: bool = False
    fade_in: float = 0.0
    fade_out: float = 0.0
    sample_rate: int = 0
    mp3_bitrate_kbps: int = DEFAULT_MP3_BITRATE_KBPS

    def rate_of(self, codec_rate: int) -> int:
        """Samples a second of the file."""
        if self.format is AudioFormat.OPUS:
            return OPUS_RATE
        wanted = self.sample_rate or codec_rate
        return wanted if self.format is not AudioFormat.MP3 or wanted in SAMPLE_RATES else SAMPLE_RATES[-1]

    def gain(self, peak: float) -> float:
        """Factor for PCM with a largest absolute sample; silence is left alone."""
        if self.keep_level:
            return 1 / max(peak, 1.0)
        return float(10 ** (self.peak_dbfs / 20)) / peak if peak >= SILENT_PEAK else 1.0


class PcmSpool:
    """PCM of a song as it comes, because its level is known only at its end."""

    def __init__(self, room: Pcm) -> None:
        self.samples = 0
        self.peak = 0.0
        self._pcm = room

    @classmethod
    @contextmanager
    def opened(
        cls, samples: int, channels: int, scratch_file: Callable[[], AbstractContextManager[Path]]
    ) -> Iterator[PcmSpool]:
        """A spool with room for so many samples per channel: in memory or, where they are many, in a scratch file."""
        shape = (samples, channels)
        if 4 * samples * channels <= IN_MEMORY_BYTES:
            yield cls(np.empty(shape, dtype="<f4"))
            return
        with scratch_file() as path:
            yield cls(np.memmap(path, dtype="<f4", mode="w+", shape=shape))

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


@dataclass(frozen=True)
class Written:
    """What a file holds: samples per channel, samples a second, and by what the spooled PCM was multiplied."""

    samples: int
    sample_rate: int
    gain: float


def write(spool: PcmSpool, target: Path, codec_rate: int, output: Output, tags: Tags | None = None) -> Written:
    """Writes spooled PCM as an audio file, block by block. Equal songs become equal bytes."""
    rate = output.rate_of(codec_rate)
    total, peak = _extent(spool, codec_rate, rate)
    gain = output.gain(peak)
    start = 0
    with _encoder(target, rate, spool.pcm.shape[1], output) as append:
        for block in _blocks(spool, codec_rate, rate):
            envelope = fade(start, len(block), total, rate, output)
            append(block * np.float32(gain) * envelope[:, None])
            start += len(block)
    if tags:
        embed(tags, target, output.format)
    if output.format is AudioFormat.AAC:
        mark_music(target, aac.DELAY_SAMPLES, total, aac.padding(total))
    if output.format in (AudioFormat.OPUS, AudioFormat.VORBIS):
        ogg.clear_serial_number(target)
    return Written(total, rate, gain)


def _blocks(spool: PcmSpool, codec_rate: int, rate: int) -> Iterator[Pcm]:
    """The spooled PCM at a sample rate."""
    size = BLOCK_SECONDS * codec_rate
    parts = (spool.pcm[start : start + size] for start in range(0, spool.samples, size))
    if rate == codec_rate:
        yield from parts
        return
    channels = spool.pcm.shape[1]
    stream = soxr.ResampleStream(codec_rate, rate, channels, dtype="float32")
    for part in parts:
        yield stream.resample_chunk(np.ascontiguousarray(part))
    yield stream.resample_chunk(np.empty((0, channels), np.float32), last=True)


def _extent(spool: PcmSpool, codec_rate: int, rate: int) -> tuple[int, float]:
    """Samples per channel and largest absolute sample at a sample rate: between old samples new ones may be larger."""
    if rate == codec_rate:
        return spool.samples, spool.peak
    extents = [(len(block), float(np.abs(block).max(initial=0.0))) for block in _blocks(spool, codec_rate, rate)]
    return sum(samples for samples, _ in extents), max(peak for _, peak in extents)


def _encoder(target: Path, rate: int, channels: int, output: Output) -> AbstractContextManager[Callable[[Pcm], None]]:
    if output.format in (AudioFormat.M4A, AudioFormat.AAC):
        return aac.encoder(target, rate, channels, output.format)
    return _sndfile_encoder(target, rate, channels, output)


@contextmanager
def _sndfile_encoder(target: Path, rate: int, channels: int, output: Output) -> Iterator[Callable[[Pcm], None]]:
    container, subtype = _CONTAINERS[output.format]
    options: dict[str, Any] = {}
    if output.format is AudioFormat.MP3:
        below_highest = _MP3_HIGHEST_KBPS - output.mp3_bitrate_kbps
        place = below_highest / (_MP3_HIGHEST_KBPS - _MP3_LOWEST_KBPS)
        options = {"bitrate_mode": "CONSTANT", "compression_level": place}
    with soundfile.SoundFile(
        target, "w", samplerate=rate, channels=channels, format=container, subtype=subtype, **options
    ) as file:
        _leave_out_time_stamp(file)
        yield file.write


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
