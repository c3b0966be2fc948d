"""Audio that users bring: checked from end to end, and cut into the reference of the timbre encoder.

Files are decoded in blocks, so that memory depends neither on their length nor on their sample rate.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

Pcm = npt.NDArray[np.float32]

CHANNELS = 2
PIECE_SECONDS = 10
PIECES = 3
_BLOCK_FRAMES = 2**16
_SILENT_PEAK = 1e-6
_MAX_CHANNELS = 32
_MIN_RATE, _MAX_RATE = 4_000, 768_000


class AudioError(ValueError):
    """A file that is no usable audio; the message says why."""


@dataclass(frozen=True)
class AudioInfo:
    """What a file holds; duration in seconds, frames at the file's own rate."""

    duration: float
    frames: int
    sample_rate: int
    channels: int


def inspect(path: Path, max_seconds: float) -> AudioInfo:
    """Decodes a file from end to end without keeping it. Raises AudioError where it is not whole or too long."""
    with _opened(path, max_seconds) as file:
        decoded = sum(len(block) for block in _blocks(file))
        if not decoded:
            raise AudioError("holds no audio")
        if decoded < file.frames:
            raise AudioError(f"is cut off: it announces {file.frames} samples, but only {decoded} can be read")
        return AudioInfo(decoded / file.samplerate, decoded, file.samplerate, file.channels)


def read_reference(path: Path, digest: str, max_seconds: float, rate: int) -> Pcm:
    """30 s of stereo [samples, 2] at a sample rate from a file (spec/model.md §4.4). Raises AudioError.

    Short recordings repeat. Of long ones it takes ten seconds from each third; where, follows from the file's digest,
    so that the same file gives the same reference whatever else is in the request.
    """
    info = inspect(path, max_seconds)
    total = info.frames * rate // info.sample_rate
    wanted = PIECES * PIECE_SECONDS * rate
    with _opened(path, max_seconds) as file:
        if total < wanted:
            whole = gather(_resampled(file, rate), [(0, max(total, 1))])
            repeated = np.tile(whole, (-(-wanted // len(whole)), 1))
            reference = np.concatenate([repeated[first:last] for first, last in pieces(len(repeated), digest, rate)])
        else:
            reference = gather(_resampled(file, rate), pieces(total, digest, rate))
    if np.abs(reference).max() < _SILENT_PEAK:
        raise AudioError("is silent; give a recording that can be heard")
    return np.clip(reference, -1, 1, out=reference)


def read_whole(path: Path, max_seconds: float, rate: int) -> Pcm:
    """A file as stereo [samples, 2] at a sample rate. Raises AudioError."""
    info = inspect(path, max_seconds)
    with _opened(path, max_seconds) as file:
        whole = gather(_resampled(file, rate), [(0, info.frames * rate // info.sample_rate)])
    if not len(whole) or np.abs(whole).max() < _SILENT_PEAK:
        raise AudioError("is silent; give a recording that can be heard")
    return np.clip(whole, -1, 1, out=whole)


def pieces(total: int, digest: str, rate: int) -> list[tuple[int, int]]:
    """First and last (exclusive) sample of a ten-second piece within each third of at least 30 s.

    Where it starts comes from SHA-256, which no library's update ever changes.
    """
    third, piece = total // PIECES, PIECE_SECONDS * rate
    ends = [third * (number + 1) for number in range(PIECES - 1)] + [total]
    found = []
    for number, end in enumerate(ends):
        choices = end - piece - number * third + 1
        draw = int.from_bytes(hashlib.sha256(f"{digest} piece {number}".encode()).digest()[:8], "big")
        start = number * third + draw % choices
        found.append((start, start + piece))
    return found


def gather(blocks: Iterator[Pcm], ranges: list[tuple[int, int]]) -> Pcm:
    """The samples of some ranges of a stream, one range after the other; what the stream lacks is zero."""
    length = sum(last - first for first, last in ranges)
    gathered = np.zeros((length, CHANNELS), np.float32)
    position = 0
    for block in blocks:
        offset = 0
        for first, last in ranges:
            low, high = max(first, position), min(last, position + len(block))
            if low < high:
                gathered[offset + low - first : offset + high - first] = block[low - position : high - position]
            offset += last - first
        position += len(block)
    return gathered


def _resampled(file: soundfile.SoundFile, rate: int) -> Iterator[Pcm]:
    """The file in blocks of stereo at a sample rate: mono is doubled, of more channels the first two stay."""
    stream = soxr.ResampleStream(file.samplerate, rate, CHANNELS, dtype="float32")
    for block in _blocks(file):
        stereo = np.repeat(block, 2, axis=1) if block.shape[1] == 1 else block[:, :CHANNELS]
        yield stream.resample_chunk(np.ascontiguousarray(stereo))
    yield stream.resample_chunk(np.empty((0, CHANNELS), np.float32), last=True)


def _blocks(file: soundfile.SoundFile) -> Iterator[Pcm]:
    for decoded in file.blocks(_BLOCK_FRAMES, dtype="float32", always_2d=True):
        block: Pcm = np.asarray(decoded, np.float32)
        if not np.isfinite(block).all():
            raise AudioError("has samples that are NaN or infinite")
        yield block


@contextmanager
def _opened(path: Path, max_seconds: float) -> Iterator[soundfile.SoundFile]:
    try:
        with soundfile.SoundFile(path) as file:
            if not _MIN_RATE <= file.samplerate <= _MAX_RATE:
                raise AudioError(f"has {file.samplerate} samples a second, must be within {_MIN_RATE} and {_MAX_RATE}")
            if file.channels > _MAX_CHANNELS:
                raise AudioError(f"has {file.channels} channels, at most {_MAX_CHANNELS} are allowed")
            if file.frames > max_seconds * file.samplerate:
                lasts = file.frames / file.samplerate
                raise AudioError(f"lasts {lasts:.1f} s, at most {max_seconds:g} s are allowed")
            yield file
    except soundfile.LibsndfileError as error:
        raise AudioError(f"cannot be read as audio: {error.error_string}") from None
