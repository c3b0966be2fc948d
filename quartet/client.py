"""The synchronous client.

with quartet.Client("localhost:50050") as client:
    song = client.generate("lo-fi piano", duration=30, seed=7, on_event=print)
    song.save("song.flac")
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar, Unpack

import grpc

from quartet.errors import UnavailableError
from quartet.events import Capacity, Event, Job, JobPage, JobState, MusicModel, Upload, WatchEvent
from quartet.exchange import (
    CHANNEL_OPTIONS,
    Attempts,
    GenerateCall,
    ReadCall,
    Retry,
    Song,
    SongBuilder,
    StreamCall,
    WatchCall,
    failure,
    list_request,
    new_request_id,
    upload_parts,
)
from quartet.lyrics import LyricsTiming
from quartet.planning import Blueprint, Composition
from quartet.scores import Scores
from quartet.songs import SongOptions, SongSpec
from quartet.tasks import NewSong
from quartet.v1 import music_pb2, music_pb2_grpc
from quartet.writing import (
    WritingOptions,
    check_has_lyrics,
    compose_request,
    rewrite_request,
    score_request,
    timing_request,
    understand_request,
)

Request = TypeVar("Request")
Response = TypeVar("Response")
Answer = TypeVar("Answer")

DEFAULT_ADDRESS = "localhost:50050"


class Client:
    """Talks to a gateway. Close it, or use it in a `with` block. Threads may share it.

    Every method raises the exceptions of `quartet.errors`. `timeout` is in seconds and covers all attempts; None means
    no limit. Calls that fail with UNAVAILABLE are tried again as `retry` says, where repeating them is safe.

    Args:
        address: host:port of the gateway.
        timeout: Limit of calls that name none; streams and `generate` have no limit unless they name one.
        retry: How often to try again.
    """

    def __init__(
        self, address: str = DEFAULT_ADDRESS, *, timeout: float | None = 30.0, retry: Retry | None = None
    ) -> None:
        self.address = address
        self._timeout = timeout
        self._retry = retry or Retry()
        self._channel = grpc.insecure_channel(address, options=CHANNEL_OPTIONS)
        self._stub = music_pb2_grpc.MusicServiceStub(self._channel)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends running calls and closes the connection."""
        self._channel.close()

    def generate(
        self,
        song: str | SongSpec = "",
        *,
        on_event: Callable[[Event], object] | None = None,
        timeout: float | None = None,
        **options: Unpack[SongOptions],
    ) -> Song:
        """Makes songs from a caption or a spec and waits for them. Options replace fields of the spec."""
        builder = SongBuilder()
        for event in self.stream(song, timeout=timeout, **options):
            builder.add(event)
            if on_event is not None:
                on_event(event)
        return builder.song()

    def stream(
        self, song: str | SongSpec = "", *, timeout: float | None = None, **options: Unpack[SongOptions]
    ) -> Generator[Event]:
        """The events of `generate` as they come. Closing the iterator cancels the job."""
        yield from self._stream(self._stub.Generate, GenerateCall(self._message(song, options)), timeout)

    def create_job(self, song: str | SongSpec = "", *, request_id: str = "", **options: Unpack[SongOptions]) -> Job:
        """Creates a job that runs on its own. A second call with the same request id and song returns the same job."""
        request = music_pb2.CreateJobRequest(
            song=self._message(song, options), request_id=request_id or new_request_id()
        )
        return Job.of(self._call(self._stub.CreateJob, request).job)

    def job(self, job_id: str) -> Job:
        """A job, with its record once it has succeeded."""
        return Job.of(self._call(self._stub.GetJob, music_pb2.GetJobRequest(job_id=job_id)).job)

    def jobs(self, *states: JobState, page_size: int = 0, page_token: str = "") -> JobPage:
        """Jobs in one of the states, newest first; no state means all."""
        request = list_request(states, page_size, page_token)
        return JobPage.of(self._call(self._stub.ListJobs, request))

    def watch(self, job_id: str, *, timeout: float | None = None) -> Generator[WatchEvent]:
        """The state of a job now, then every change until it ends. Closing the iterator leaves the job alone."""
        yield from self._stream(self._stub.WatchJob, WatchCall(job_id), timeout)

    def cancel(self, job_id: str) -> Job:
        """Stops a job."""
        return Job.of(self._call(self._stub.CancelJob, music_pb2.CancelJobRequest(job_id=job_id)).job)

    def delete(self, job_id: str) -> None:
        """Removes an ended job and its audio. Not tried again: a second attempt would not find the job."""
        self._call(self._stub.DeleteJob, music_pb2.DeleteJobRequest(job_id=job_id), Retry(attempts=1))

    def upload(self, path: str | Path, *, timeout: float | None = None) -> Upload:
        """Uploads an audio file for use as a source or reference. Raises OSError where it cannot be read."""
        attempts = Attempts(self._retry, timeout)
        while True:
            try:
                with Path(path).open("rb") as file:
                    return Upload.of(self._stub.UploadAudio(upload_parts(file), timeout=attempts.seconds_left()))
            except grpc.RpcError as error:
                pause = attempts.pause_after(failure(error, self.address))
            time.sleep(pause)

    def read_audio(self, audio_id: str, *, offset: int = 0, limit: int = 0, timeout: float | None = None) -> bytes:
        """An audio file that was uploaded or made, or a range of its bytes; limit 0 reads to the end."""
        return b"".join(self._stream(self._stub.ReadAudio, ReadCall(audio_id, offset, limit), timeout))

    def compose(
        self,
        query: str = "",
        *,
        instrumental: bool = False,
        vocal_language: str = "",
        timeout: float | None = None,
        **options: Unpack[WritingOptions],
    ) -> Composition:
        """Writes caption, lyrics and metadata from one sentence; without one the planner makes a song up."""
        request, seed = compose_request(
            query, instrumental=instrumental, vocal_language=vocal_language, options=options
        )
        return Composition.of(self._attempt(self._stub.Compose, request, Attempts(self._retry, timeout)), seed)

    def rewrite(
        self, given: Blueprint, *, timeout: float | None = None, **options: Unpack[WritingOptions]
    ) -> Composition:
        """Enriches caption and lyrics and adds metadata; what is set of the metadata is kept."""
        request, seed = rewrite_request(given, options)
        return Composition.of(self._attempt(self._stub.Rewrite, request, Attempts(self._retry, timeout)), seed)

    def understand(
        self, source: Path | str | Sequence[int], *, timeout: float | None = None, **options: Unpack[WritingOptions]
    ) -> Composition:
        """Describes a recording: a file, the id of an upload or a result, or audio codes."""
        if isinstance(source, Path):
            source = self.upload(source).audio_id
        audio_id, codes = (source, ()) if isinstance(source, str) else ("", source)
        request, seed = understand_request(audio_id, codes, options)
        return Composition.of(self._attempt(self._stub.Understand, request, Attempts(self._retry, timeout)), seed)

    def score(
        self,
        job_id: str,
        item: int = 0,
        *,
        scale: float | None = None,
        skip_tags: bool = False,
        genres: str = "",
        model: str = "",
        timeout: float | None = None,
    ) -> Scores:
        """How well a song fits its words: its audio codes its plan, and genres that are given, its music its lyrics."""
        request = score_request(job_id, item, scale=scale, skip_tags=skip_tags, genres=genres, model=model)
        return Scores.of(self._attempt(self._stub.Score, request, Attempts(self._retry, timeout)))

    def lyrics_timing(
        self,
        source: Path | str,
        item: int = 0,
        *,
        lyrics: str = "",
        caption: str = "",
        vocal_language: str = "",
        timeout: float | None = None,
    ) -> LyricsTiming:
        """When the lyrics of a song are sung, word by word, and how well the music follows them.

        The source is a job, by its id. With `lyrics` it is a recording that has them: a file, or the id of an upload or
        a result; `caption` and `vocal_language` say what is known of it. Raises InvalidRequestError for a file without.
        """
        if isinstance(source, Path):
            check_has_lyrics(source, lyrics)
            source = self.upload(source).audio_id
        request = timing_request(source, item, lyrics, caption, vocal_language)
        attempts = Attempts(self._retry, timeout)
        return LyricsTiming.of(self._attempt(self._stub.TranscribeLyricsTiming, request, attempts))

    def models(self) -> tuple[MusicModel, ...]:
        """Models that can be asked for; the first is the default."""
        response = self._call(self._stub.ListModels, music_pb2.ListModelsRequest())
        return tuple(MusicModel.of(model) for model in response.models)

    def capacity(self) -> Capacity:
        """What runs, what waits and which servers there are."""
        return Capacity.of(self._call(self._stub.GetCapacity, music_pb2.GetCapacityRequest()))

    def _message(self, song: str | SongSpec, options: SongOptions) -> music_pb2.SongSpec:
        spec = (SongSpec(caption=song) if isinstance(song, str) else song).with_options(options)
        if not isinstance(spec.task, NewSong) and isinstance(spec.task.source, Path):
            task = dataclasses.replace(spec.task, source=self.upload(spec.task.source).audio_id)
            spec = dataclasses.replace(spec, task=task)
        return spec.to_message(self.upload(spec.reference).audio_id if spec.reference else "")

    def _call(
        self,
        method: grpc.UnaryUnaryMultiCallable[Request, Response],
        request: Request,
        retry: Retry | None = None,
    ) -> Response:
        return self._attempt(method, request, Attempts(retry or self._retry, self._timeout))

    def _attempt(
        self, method: grpc.UnaryUnaryMultiCallable[Request, Response], request: Request, attempts: Attempts
    ) -> Response:
        while True:
            try:
                return method(request, timeout=attempts.seconds_left())
            except grpc.RpcError as error:
                pause = attempts.pause_after(failure(error, self.address))
            time.sleep(pause)

    def _stream(
        self,
        method: grpc.UnaryStreamMultiCallable[Request, Response],
        exchange: StreamCall[Request, Response, Answer],
        timeout: float | None,
    ) -> Iterator[Answer]:
        attempts = Attempts(self._retry, timeout)
        while True:
            call = method(exchange.request(), timeout=attempts.seconds_left())
            try:
                for response in call:
                    if (answer := exchange.accept(response)) is not None:
                        attempts.progressed()
                        yield answer
                exchange.finish()
                return
            except (grpc.RpcError, UnavailableError) as error:
                known = error if isinstance(error, UnavailableError) else failure(error, self.address)
                exchange.check_repeatable(known)
                pause = attempts.pause_after(known)
            finally:
                call.cancel()  # type: ignore[no-untyped-call]
            time.sleep(pause)
