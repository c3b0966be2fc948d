"""Audio files of any kind, decoded in blocks: by libsndfile where it knows the format, else by FFmpeg.

What is decoded may come from anybody: FFmpeg gets one thread, no network, and only those demultiplexers that read the
one file, so that a playlist in disguise opens no other.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import av
import numpy as np
import numpy.typing as npt
import soundfile
from av.container import InputContainer

Samples = npt.NDArray[np.float32]

BLOCK_FRAMES = 2**16
_DEMULTIPLEXERS = "aac,ac3,aiff,amr,ape,asf,avi,caf,flac,flv,matroska,mov,mp3,mpeg,mpegts,ogg,tta,wav,wv"
_OPTIONS = {"format_whitelist": _DEMULTIPLEXERS, "protocol_whitelist": "file"}
# Only here does the header count the samples; elsewhere FFmpeg guesses a length from the bit rate.
_COUNTED = "mov"
# What bare AAC may say of itself in ID3, as iTunes does: after a zero, in hexadecimal, the samples that the codec added
# in front of the music and behind it. More than it can have added is not believed.
GAPLESS = "iTunSMPB"
_MOST_ADDED = 8192
# Packets that decode to nothing before a file counts as damaged: a few are usual where a codec starts.
_MOST_EMPTY_PACKETS = 1000
_SLACK_SECONDS = 0.1


class AudioError(ValueError):
    """A file that is no usable audio; the message says why."""


class AudioFile(Protocol):
    """An open audio file; `frames` are the samples per channel that its header announces, None where it does not."""

    container: str
    codec: str
    sample_rate: int
    channels: int
    frames: int | None

    def blocks(self) -> Iterator[Samples]:
        """All samples in order, as [samples, channels], full scale at 1. Raises AudioError where it is not whole."""


@contextmanager
def opened(path: Path) -> Iterator[AudioFile]:
    """An audio file. Raises AudioError where neither library knows its format, also within the block."""
    try:
        with soundfile.SoundFile(path) as file:
            yield _SndFile(file)
            return
    except soundfile.LibsndfileError as error:
        unknown = _unreadable(error.error_string)
    try:
        with av.open(f"file:{path}", "r", metadata_errors="ignore", options=_OPTIONS) as container:
            yield _FfmpegFile(container, unknown)
    except av.FFmpegError:
        raise unknown from None


class _SndFile:
    def __init__(self, file: soundfile.SoundFile) -> None:
        self._file = file
        self.container = str(file.format)
        self.codec = str(file.subtype)
        self.sample_rate = int(file.samplerate)
        self.channels = int(file.channels)
        self.frames: int | None = int(file.frames)

    def blocks(self) -> Iterator[Samples]:
        decoded = 0
        try:
            for block in self._file.blocks(BLOCK_FRAMES, dtype="float32", always_2d=True):
                decoded += len(block)
                yield np.asarray(block, np.float32)
        except soundfile.LibsndfileError as error:
            raise _unreadable(error.error_string) from None
        if self.frames is not None and decoded < self.frames:
            raise _cut_off(self.frames, decoded)


class _FfmpegFile:
    def __init__(self, container: InputContainer, unknown: AudioError) -> None:
        if not container.streams.audio:
            raise AudioError("has no audio track")
        self._container = container
        self._stream = container.streams.audio[0]
        codec: av.AudioCodecContext | None = self._stream.codec_context  # none where FFmpeg guessed or has no decoder
        if codec is None or not codec.sample_rate or not codec.channels:
            raise unknown
        codec.thread_count = 1
        self.container = container.format.long_name
        self.codec = codec.name
        self.sample_rate = codec.sample_rate
        self.channels = codec.channels
        self.frames = self._announced()
        self._added = _added(container.metadata.get(GAPLESS, "")) if container.format.name == "aac" else (0, 0)

    def blocks(self) -> Iterator[Samples]:
        decoded = 0
        try:
            for block in _without_ends(self._decoded(), *self._added):
                part = block if self.frames is None else block[: self.frames - decoded]
                decoded += len(part)
                if len(part):
                    yield part
        except (av.FFmpegError, ValueError) as error:
            if isinstance(error, AudioError):
                raise
            raise AudioError(f"is damaged after {decoded / self.sample_rate:.1f} s") from None
        if self.frames is not None and decoded < self.frames - _SLACK_SECONDS * self.sample_rate:
            raise _cut_off(self.frames, decoded)

    def _decoded(self) -> Iterator[Samples]:
        """Frames as float, as long as rate and channels stay what they were; the converter refuses a change."""
        converter = av.AudioResampler(format="fltp")
        empty = 0
        for packet in self._container.demux(self._stream):
            empty += 1
            for frame in packet.decode():
                for converted in converter.resample(frame):
                    empty = 0
                    yield np.ascontiguousarray(converted.to_ndarray().T, np.float32)
            if empty > _MOST_EMPTY_PACKETS:
                raise AudioError(f"is damaged: {empty} packets in a row hold no samples")

    def _announced(self) -> int | None:
        length, unit = self._stream.duration, self._stream.time_base
        if length is None or unit is None or _COUNTED not in self._container.format.name.split(","):
            return None
        return round(length * unit * self.sample_rate)


def _added(text: str) -> tuple[int, int]:
    """Samples to leave out at the start and at the end of bare AAC."""
    try:
        _, before, after, *_ = (int(number, 16) for number in text.split())
    except ValueError:
        return 0, 0
    return (before, after) if 0 <= before <= _MOST_ADDED and 0 <= after <= _MOST_ADDED else (0, 0)


def _without_ends(blocks: Iterator[Samples], before: int, after: int) -> Iterator[Samples]:
    """Blocks without so many samples at the start and at the end of all of them."""
    held: list[Samples] = []
    for block in blocks:
        skipped = min(before, len(block))
        before -= skipped
        whole = np.concatenate([*held, block[skipped:]])
        end = max(len(whole) - after, 0)
        yield whole[:end]
        held = [whole[end:]]


def _unreadable(reason: str) -> AudioError:
    return AudioError(f"cannot be read as audio: {reason}")


def _cut_off(announced: int, decoded: int) -> AudioError:
    return AudioError(f"is cut off: it announces {announced} samples, but only {decoded} can be read")
