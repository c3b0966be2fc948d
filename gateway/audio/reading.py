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
import soxr

from quartet.audio_files import AudioError as AudioError
from quartet.audio_files import AudioFile, opened

Pcm = npt.NDArray[np.float32]

CHANNELS = 2
PIECE_SECONDS = 10
PIECES = 3
_SILENT_PEAK = 1e-6
_SILENT = "is silent; give a recording that can be heard"
_NOT_FINITE = "has samples that are NaN or infinite"
_MAX_CHANNELS = 32
_MIN_RATE, _MAX_RATE = 4_000, 768_000


@dataclass(frozen=True)
class AudioInfo:
    """What a file holds; duration in seconds, frames at the file's own rate, peak at full scale 1."""

    duration: float
    frames: int
    sample_rate: int
    channels: int
    peak: float

    def check_heard(self) -> None:
        """Raises AudioError where it is silent."""
        if self.peak < _SILENT_PEAK:
            raise AudioError(_SILENT)


def inspect(path: Path, max_seconds: float) -> AudioInfo:
    """Decodes a file from end to end without keeping it. Raises AudioError where it is not whole or too long."""
    with _within_limits(path, max_seconds) as file:
        decoded, peak = 0, 0.0
        for block in _blocks(file, max_seconds):
            decoded += len(block)
            peak = max(peak, float(np.abs(block[:, :CHANNELS]).max(initial=0.0)))
        if not decoded:
            raise AudioError("holds no audio")
        return AudioInfo(decoded / file.sample_rate, decoded, file.sample_rate, file.channels, peak)


def read_reference(path: Path, digest: str, max_seconds: float, rate: int) -> Pcm:
    """30 s of stereo [samples, 2] at a sample rate from a file (spec/model.md §4.4). Raises AudioError.

    Short recordings repeat. Of long ones it takes ten seconds from each third; where, follows from the file's digest,
    so that the same file gives the same reference whatever else is in the request.
    """
    info = inspect(path, max_seconds)
    total = info.frames * rate // info.sample_rate
    wanted = PIECES * PIECE_SECONDS * rate
    with _within_limits(path, max_seconds) as file:
        if total < wanted:
            whole = gather(_resampled(file, max_seconds, rate), [(0, max(total, 1))])
            repeated = np.tile(whole, (-(-wanted // len(whole)), 1))
            reference = np.concatenate([repeated[first:last] for first, last in pieces(len(repeated), digest, rate)])
        else:
            reference = gather(_resampled(file, max_seconds, rate), pieces(total, digest, rate))
    return _usable(reference)


def read_whole(path: Path, max_seconds: float, rate: int) -> Pcm:
    """A file as stereo [samples, 2] at a sample rate. Raises AudioError."""
    info = inspect(path, max_seconds)
    with _within_limits(path, max_seconds) as file:
        whole = gather(_resampled(file, max_seconds, rate), [(0, info.frames * rate // info.sample_rate)])
    return _usable(whole)


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


def _usable(pcm: Pcm) -> Pcm:
    """What can be heard, clamped to full scale."""
    peak = np.abs(pcm).max(initial=0.0)
    if not np.isfinite(peak):  # resampling adds samples up, and some are as large as floats can be
        raise AudioError(_NOT_FINITE)
    if peak < _SILENT_PEAK:
        raise AudioError(_SILENT)
    return np.clip(pcm, -1, 1, out=pcm)


def _resampled(file: AudioFile, max_seconds: float, rate: int) -> Iterator[Pcm]:
    """The file in blocks of stereo at a sample rate: mono is doubled, of more channels the first two stay."""
    stream = soxr.ResampleStream(file.sample_rate, rate, CHANNELS, dtype="float32")
    for block in _blocks(file, max_seconds):
        stereo = np.repeat(block, 2, axis=1) if block.shape[1] == 1 else block[:, :CHANNELS]
        yield stream.resample_chunk(np.ascontiguousarray(stereo))
    yield stream.resample_chunk(np.empty((0, CHANNELS), np.float32), last=True)


def _blocks(file: AudioFile, max_seconds: float) -> Iterator[Pcm]:
    most, decoded = max_seconds * file.sample_rate, 0
    for block in file.blocks():
        decoded += len(block)
        if decoded > most:
            raise AudioError(f"lasts longer than the {max_seconds:g} s that are allowed")
        if not np.isfinite(block).all():
            raise AudioError(_NOT_FINITE)
        yield block


@contextmanager
def _within_limits(path: Path, max_seconds: float) -> Iterator[AudioFile]:
    with opened(path) as file:
        rate = file.sample_rate
        if not _MIN_RATE <= rate <= _MAX_RATE:
            raise AudioError(f"has {rate} samples a second, must be within {_MIN_RATE} and {_MAX_RATE}")
        if not 1 <= file.channels <= _MAX_CHANNELS:
            raise AudioError(f"has {file.channels} channels, at most {_MAX_CHANNELS} are allowed")
        if file.frames is not None and file.frames > max_seconds * rate:
            raise AudioError(f"lasts {file.frames / rate:.1f} s, at most {max_seconds:g} s are allowed")
        yield file
