"""The client's side of every exchange without any I/O: retries, resumed streams, songs from chunks.

`quartet.client` and `quartet.aio` move bytes; what they send, when they try again and what a response means is
decided here, once for both.
"""

from __future__ import annotations

import hashlib
import os
import random
import time
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol, TypeVar

import grpc

from quartet.errors import STATUS_DETAILS_KEY, InternalError, QuartetError, UnavailableError, from_rpc_error
from quartet.events import (
    AudioChunk,
    Event,
    Finished,
    Job,
    JobAccepted,
    JobChanged,
    JobState,
    Planned,
    Progress,
    Record,
    WatchEvent,
)
from quartet.planning import SongPlan
from quartet.songs import AudioFormat
from quartet.v1 import music_pb2

UPLOAD_CHUNK_BYTES = 2**20
UNREACHABLE = "UNREACHABLE"
BROKEN_STREAM = "BROKEN_STREAM"
CHANNEL_OPTIONS: tuple[tuple[str, int], ...] = (
    ("grpc.max_receive_message_length", 32 * 2**20),
    ("grpc.max_send_message_length", 32 * 2**20),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
)

Request = TypeVar("Request", covariant=True)
Response = TypeVar("Response", contravariant=True)
Answer = TypeVar("Answer", covariant=True)


@dataclass(frozen=True)
class Retry:
    """How often a call that failed with UNAVAILABLE is tried again: exponential pauses with jitter, in seconds."""

    attempts: int = 5
    first_pause: float = 0.2
    longest_pause: float = 3.0


class Attempts:
    """The attempts of one call within its timeout."""

    def __init__(self, retry: Retry, timeout: float | None) -> None:
        self._retry = retry
        self._deadline = None if timeout is None else time.monotonic() + timeout
        self._failed = 0

    def seconds_left(self) -> float | None:
        """Time for the next attempt; None means no limit."""
        return None if self._deadline is None else max(self._deadline - time.monotonic(), 0.0)

    def progressed(self) -> None:
        """A stream has delivered something new: the count of failures starts again."""
        self._failed = 0

    def pause_after(self, error: QuartetError) -> float:
        """Seconds to wait before the next attempt; raises the error where there is none."""
        self._failed += 1
        if not isinstance(error, UnavailableError) or self._failed >= self._retry.attempts:
            raise error
        longest = min(self._retry.longest_pause, self._retry.first_pause * 2.0 ** (self._failed - 1))
        pause = max(longest * random.uniform(0.5, 1.0), error.retry_after_s or 0.0)  # noqa: S311 - jitter
        left = self.seconds_left()
        if left is not None and pause >= left:
            raise error
        return pause


def failure(error: grpc.RpcError, address: str) -> QuartetError:
    """The exception behind a failed call; where no server answered, it names the address."""
    known = from_rpc_error(error)
    trailing: Iterable[Any] = error.trailing_metadata() or ()  # pairs; the stubs know only half of them
    answered = any(key == STATUS_DETAILS_KEY for key, _ in trailing)
    if isinstance(known, UnavailableError) and not answered:
        return UnavailableError(f"no gateway answers at {address} ({known.message})", reason=UNREACHABLE)
    return known


def new_request_id() -> str:
    """An id that makes creating a job safe to repeat."""
    return uuid.uuid4().hex


def list_request(states: Iterable[JobState], page_size: int, page_token: str) -> music_pb2.ListJobsRequest:
    """Asks for a page of the jobs in one of the states."""
    wanted = [f"JOB_STATE_{state.name}" for state in states]
    return music_pb2.ListJobsRequest(states=wanted, page_size=page_size, page_token=page_token)


def upload_parts(file: BinaryIO) -> Iterator[music_pb2.UploadAudioRequest]:
    """The messages that upload an open file."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    yield music_pb2.UploadAudioRequest(header=music_pb2.AudioUpload(bytes=size))
    while data := file.read(UPLOAD_CHUNK_BYTES):
        yield music_pb2.UploadAudioRequest(data=data)


class StreamCall(Protocol[Request, Response, Answer]):
    """A server stream over however many attempts it takes: what was delivered once is not delivered again."""

    def request(self) -> Request:
        """The request of the next attempt."""

    def accept(self, response: Response) -> Answer | None:
        """What the caller gets for a response, if anything."""

    def finish(self) -> None:
        """Checks that a stream that ended without an error was whole. Raises UnavailableError."""

    def check_repeatable(self, error: QuartetError) -> None:
        """Raises the error where another attempt could only fail in the same way; by default none could."""
        return


class _Seen:
    """Progress that was passed on, by stage and item."""

    def __init__(self) -> None:
        self._steps: dict[tuple[str, int], int] = {}

    def advance(self, message: music_pb2.StageProgress) -> Progress | None:
        progress = Progress.of(message)
        key = (progress.stage, progress.item)
        if progress.step <= self._steps.get(key, -1):
            return None
        self._steps[key] = progress.step
        return progress


class GenerateCall(StreamCall[music_pb2.GenerateRequest, music_pb2.GenerateResponse, Event]):
    """MusicService.Generate. Its request id makes a second attempt watch the job of the first."""

    def __init__(self, song: music_pb2.SongSpec) -> None:
        self._request = music_pb2.GenerateRequest(song=song, request_id=new_request_id())
        self._seen = _Seen()
        self._job_id = ""
        self._planned = False
        self._received: dict[int, int] = {}
        self._finished = False

    def request(self) -> music_pb2.GenerateRequest:
        """The same every time."""
        return self._request

    def accept(self, response: music_pb2.GenerateResponse) -> Event | None:
        """Each event once; audio without gaps. Raises InternalError."""
        match response.WhichOneof("event"):
            case "job":
                return self._job(response.job)
            case "progress":
                return self._seen.advance(response.progress)
            case "audio":
                return self._audio(response.audio)
            case "record":
                self._finished = True
                return Finished(Record.of(response.record))
            case _:
                return None

    def _job(self, message: music_pb2.Job) -> Event | None:
        """The job once, and its plan once."""
        if message.id != self._job_id:
            self._job_id = message.id
            return JobAccepted(Job.of(message))
        if message.HasField("plan") and not self._planned:
            self._planned = True
            return Planned(SongPlan.from_message(message.plan))
        return None

    def finish(self) -> None:
        """The record must have come."""
        if not self._finished:
            raise UnavailableError("the gateway ended the stream before the song was complete", reason=BROKEN_STREAM)

    def check_repeatable(self, error: QuartetError) -> None:
        """What the gateway says of a job that it has accepted is final: the request id leads to that job again."""
        if self._job_id and error.reason not in (UNREACHABLE, BROKEN_STREAM):
            raise error

    def _audio(self, chunk: music_pb2.AudioFileChunk) -> AudioChunk | None:
        received = self._received.get(chunk.item, 0)
        if chunk.offset > received:
            raise InternalError(f"audio of item {chunk.item} jumps from byte {received} to {chunk.offset}")
        fresh = chunk.data[received - chunk.offset :]
        self._received[chunk.item] = received + len(fresh)
        if not fresh and not chunk.last:
            return None
        return AudioChunk(item=chunk.item, offset=received, data=fresh, last=chunk.last)


class WatchCall(StreamCall[music_pb2.WatchJobRequest, music_pb2.WatchJobResponse, WatchEvent]):
    """MusicService.WatchJob."""

    def __init__(self, job_id: str) -> None:
        self._request = music_pb2.WatchJobRequest(job_id=job_id)
        self._seen = _Seen()
        self._last: Job | None = None

    def request(self) -> music_pb2.WatchJobRequest:
        """The same every time."""
        return self._request

    def accept(self, response: music_pb2.WatchJobResponse) -> WatchEvent | None:
        """Changes of the job, and progress that advances."""
        if response.WhichOneof("event") == "progress":
            return self._seen.advance(response.progress)
        job = Job.of(response.job)
        if job == self._last:
            return None
        self._last = job
        return JobChanged(job)

    def finish(self) -> None:
        """The job must have ended."""
        if self._last is None or not self._last.state.ended:
            raise UnavailableError("the gateway ended the stream before the job ended", reason=BROKEN_STREAM)


class ReadCall(StreamCall[music_pb2.ReadAudioRequest, music_pb2.ReadAudioResponse, bytes]):
    """MusicService.ReadAudio. A second attempt goes on where the first stopped."""

    def __init__(self, audio_id: str, offset: int, limit: int) -> None:
        self._audio_id = audio_id
        self._offset = offset
        self._end = offset + limit if limit else None
        self._total = 0

    def request(self) -> music_pb2.ReadAudioRequest:
        """The rest of the range."""
        limit = self._end - self._offset if self._end else 0
        return music_pb2.ReadAudioRequest(audio_id=self._audio_id, offset=self._offset, limit=limit)

    def accept(self, response: music_pb2.ReadAudioResponse) -> bytes:
        """The bytes. Raises InternalError where they are not the next ones."""
        if response.offset != self._offset:
            raise InternalError(f"audio {self._audio_id} jumps from byte {self._offset} to {response.offset}")
        self._offset += len(response.data)
        self._total = response.total_bytes
        return response.data

    def finish(self) -> None:
        """The range must be complete."""
        wanted = self._total if self._end is None else min(self._end, self._total)
        if self._offset < wanted:
            message = f"audio {self._audio_id} ended at byte {self._offset} of {wanted}"
            raise UnavailableError(message, reason=BROKEN_STREAM)


@dataclass(frozen=True)
class Song:
    """The files of a finished call and the record that says how they came about."""

    record: Record
    files: tuple[bytes, ...]

    def save(self, path: str | Path) -> tuple[Path, ...]:
        """Writes the audio and returns the paths. Several items get their number: song-1.flac, song-2.flac, …

        Raises ValueError where the suffix belongs to another format than the song has.
        """
        path = Path(path)
        suffix = AudioFormat(self.record.song.format).suffix
        if path.suffix.lower() != suffix:
            raise ValueError(f"{path}: this song is a {suffix} file; ask for another with format=…")
        paths = self.paths_like(path)
        for target, data in zip(paths, self.files, strict=True):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        return paths

    def paths_like(self, path: Path) -> tuple[Path, ...]:
        """A path per item: the path itself for one item, numbered ones for several."""
        if len(self.files) == 1:
            return (path,)
        return tuple(path.with_stem(f"{path.stem}-{number}") for number in range(1, len(self.files) + 1))


class SongBuilder:
    """Gathers the events of one call."""

    def __init__(self) -> None:
        self._files: defaultdict[int, _File] = defaultdict(_File)
        self._record: Record | None = None

    def add(self, event: Event) -> None:
        """Takes the next event."""
        if isinstance(event, AudioChunk):
            self._files[event.item].add(event.data)
        elif isinstance(event, Finished):
            self._record = event.record

    def song(self) -> Song:
        """The song. Raises InternalError where a file is not what the record says."""
        if self._record is None:
            raise InternalError("the stream has ended without a record")
        for item in self._record.items:
            if self._files[item.index].digest() != item.sha256:
                raise InternalError(f"the audio of item {item.index} does not have the digest of its record")
        return Song(self._record, tuple(self._files[item.index].content() for item in self._record.items))


class _File:
    """A file as it comes; its digest is ready when it is."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._digest = hashlib.sha256()

    def add(self, data: bytes) -> None:
        self._parts.append(data)
        self._digest.update(data)

    def digest(self) -> str:
        return self._digest.hexdigest()

    def content(self) -> bytes:
        return b"".join(self._parts)
