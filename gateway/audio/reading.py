"""Audio that users bring: checked, brought to 48 kHz stereo, cut into the reference of the timbre encoder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

Pcm = npt.NDArray[np.float32]

SAMPLE_RATE = 48_000
REFERENCE_SECONDS = 30
_PIECE = 10 * SAMPLE_RATE
_BLOCK_FRAMES = 2**18
_SILENT_PEAK = 1e-6
_MAX_CHANNELS = 32


class AudioError(ValueError):
    """A file that is no usable audio; the message says why."""


@dataclass(frozen=True)
class AudioInfo:
    """What a file holds; duration in seconds."""

    duration: float
    sample_rate: int
    channels: int


def inspect(path: Path, max_seconds: float) -> AudioInfo:
    """Decodes a file from end to end without keeping it. Raises AudioError where it is not whole or too long."""
    info, _ = _decode(path, max_seconds, keep=False)
    return info


def read_reference(path: Path, digest: str, max_seconds: float) -> Pcm:
    """30 s of 48 kHz stereo [samples, 2] from a file (spec/model.md §4.4). Raises AudioError.

    Short recordings repeat. Of long ones it takes ten seconds from each third; where, follows from the file's digest,
    so that the same file gives the same reference whatever else is in the request.
    """
    info, pcm = _decode(path, max_seconds, keep=True)
    pcm = np.repeat(pcm, 2, axis=1) if info.channels == 1 else pcm[:, :2]
    if info.sample_rate != SAMPLE_RATE:
        pcm = soxr.resample(pcm, info.sample_rate, SAMPLE_RATE)
    pcm = np.clip(pcm, -1, 1)
    if np.abs(pcm).max(initial=0.0) < _SILENT_PEAK:
        raise AudioError("is silent; give a recording that can be heard")
    return pieces(pcm, digest)


def pieces(pcm: Pcm, digest: str) -> Pcm:
    """Three ten-second pieces, one of each third, of PCM [samples, channels] that is repeated up to 30 s."""
    wanted = REFERENCE_SECONDS * SAMPLE_RATE
    if len(pcm) < wanted:
        pcm = np.tile(pcm, (-(-wanted // len(pcm)), 1))
    third = len(pcm) // 3
    generator = np.random.Generator(np.random.Philox(key=int(digest[:16], 16)))
    ends = (third, 2 * third, len(pcm))
    starts = [int(generator.integers(number * third, end - _PIECE + 1)) for number, end in enumerate(ends)]
    return np.concatenate([pcm[start : start + _PIECE] for start in starts])


def _decode(path: Path, max_seconds: float, *, keep: bool) -> tuple[AudioInfo, Pcm]:
    try:
        with soundfile.SoundFile(path) as file:
            info = AudioInfo(file.frames / file.samplerate, file.samplerate, file.channels)
            if info.duration > max_seconds:
                raise AudioError(f"lasts {info.duration:.1f} s, at most {max_seconds:g} s are allowed")
            if info.channels > _MAX_CHANNELS:
                raise AudioError(f"has {info.channels} channels, at most {_MAX_CHANNELS} are allowed")
            blocks, decoded = [], 0
            for block in file.blocks(_BLOCK_FRAMES, dtype="float32", always_2d=True):
                decoded += len(block)
                if not np.isfinite(block).all():
                    raise AudioError("has samples that are NaN or infinite")
                if keep:
                    blocks.append(block)
            announced = file.frames
    except soundfile.LibsndfileError as error:
        raise AudioError(f"cannot be read as audio: {error.error_string}") from None
    if not decoded:
        raise AudioError("holds no audio")
    if decoded < announced:
        raise AudioError(f"is cut off: it announces {announced} samples, but only {decoded} can be read")
    return info, np.concatenate(blocks) if keep else np.empty((0, info.channels), np.float32)
