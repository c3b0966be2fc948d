"""The asyncio client. Its methods are those of `quartet.Client`, awaited."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar, Unpack

import grpc
import grpc.aio

from quartet.client import DEFAULT_ADDRESS
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


class AsyncClient:
    """Talks to a gateway within one event loop. Close it, or use it in an `async with` block.

    Cancelling a task ends its call; for `generate` and `stream` this cancels the job. Otherwise as `quartet.Client`.
    """

    def __init__(
        self, address: str = DEFAULT_ADDRESS, *, timeout: float | None = 30.0, retry: Retry | None = None
    ) -> None:
        self.address = address
        self._timeout = timeout
        self._retry = retry or Retry()
        self._channel = grpc.aio.insecure_channel(address, options=CHANNEL_OPTIONS)
        self._stub = music_pb2_grpc.MusicServiceStub(self._channel)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends running calls and closes the connection."""
        await self._channel.close(None)

    async def generate(
        self,
        song: str | SongSpec = "",
        *,
        on_event: Callable[[Event], object] | None = None,
        timeout: float | None = None,
        **options: Unpack[SongOptions],
    ) -> Song:
        """Makes songs from a caption or a spec and waits for them. Options replace fields of the spec."""
        builder = SongBuilder()
        async with aclosing(self.stream(song, timeout=timeout, **options)) as events:
            async for event in events:
                builder.add(event)
                if on_event is not None:
                    on_event(event)
        return builder.song()

    async def stream(
        self, song: str | SongSpec = "", *, timeout: float | None = None, **options: Unpack[SongOptions]
    ) -> AsyncGenerator[Event]:
        """The events of `generate` as they come. Closing the iterator cancels the job."""
        exchange = GenerateCall(await self._message(song, options))
        async with aclosing(self._stream(self._stub.Generate, exchange, timeout)) as events:
            async for event in events:
                yield event

    async def create_job(
        self, song: str | SongSpec = "", *, request_id: str = "", **options: Unpack[SongOptions]
    ) -> Job:
        """Creates a job that runs on its own. A second call with the same request id and song returns the same job."""
        message = await self._message(song, options)
        request = music_pb2.CreateJobRequest(song=message, request_id=request_id or new_request_id())
        return Job.of((await self._call(self._stub.CreateJob, request)).job)

    async def job(self, job_id: str) -> Job:
        """A job, with its record once it has succeeded."""
        return Job.of((await self._call(self._stub.GetJob, music_pb2.GetJobRequest(job_id=job_id))).job)

    async def jobs(self, *states: JobState, page_size: int = 0, page_token: str = "") -> JobPage:
        """Jobs in one of the states, newest first; no state means all."""
        return JobPage.of(await self._call(self._stub.ListJobs, list_request(states, page_size, page_token)))

    async def watch(self, job_id: str, *, timeout: float | None = None) -> AsyncGenerator[WatchEvent]:
        """The state of a job now, then every change until it ends. Closing the iterator leaves the job alone."""
        async with aclosing(self._stream(self._stub.WatchJob, WatchCall(job_id), timeout)) as events:
            async for event in events:
                yield event

    async def cancel(self, job_id: str) -> Job:
        """Stops a job."""
        return Job.of((await self._call(self._stub.CancelJob, music_pb2.CancelJobRequest(job_id=job_id))).job)

    async def delete(self, job_id: str) -> None:
        """Removes an ended job and its audio. Not tried again: a second attempt would not find the job."""
        await self._call(self._stub.DeleteJob, music_pb2.DeleteJobRequest(job_id=job_id), Retry(attempts=1))

    async def upload(self, path: str | Path, *, timeout: float | None = None) -> Upload:
        """Uploads an audio file for use as a source or reference. Raises OSError where it cannot be read."""
        attempts = Attempts(self._retry, timeout)
        while True:
            try:
                with Path(path).open("rb") as file:  # noqa: ASYNC230 - a read of 1 MiB is short
                    return Upload.of(await self._stub.UploadAudio(upload_parts(file), timeout=attempts.seconds_left()))
            except grpc.RpcError as error:
                pause = attempts.pause_after(failure(error, self.address))
            await asyncio.sleep(pause)

    async def read_audio(
        self, audio_id: str, *, offset: int = 0, limit: int = 0, timeout: float | None = None
    ) -> bytes:
        """An audio file that was uploaded or made, or a range of its bytes; limit 0 reads to the end."""
        exchange = ReadCall(audio_id, offset, limit)
        async with aclosing(self._stream(self._stub.ReadAudio, exchange, timeout)) as parts:
            return b"".join([part async for part in parts])

    async def compose(
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
        reply = await self._attempt(self._stub.Compose, request, Attempts(self._retry, timeout))
        return Composition.of(reply, seed)

    async def rewrite(
        self, given: Blueprint, *, timeout: float | None = None, **options: Unpack[WritingOptions]
    ) -> Composition:
        """Enriches caption and lyrics and adds metadata; what is set of the metadata is kept."""
        request, seed = rewrite_request(given, options)
        reply = await self._attempt(self._stub.Rewrite, request, Attempts(self._retry, timeout))
        return Composition.of(reply, seed)

    async def understand(
        self, source: Path | str | Sequence[int], *, timeout: float | None = None, **options: Unpack[WritingOptions]
    ) -> Composition:
        """Describes a recording: a file, the id of an upload or a result, or audio codes."""
        if isinstance(source, Path):
            source = (await self.upload(source)).audio_id
        audio_id, codes = (source, ()) if isinstance(source, str) else ("", source)
        request, seed = understand_request(audio_id, codes, options)
        reply = await self._attempt(self._stub.Understand, request, Attempts(self._retry, timeout))
        return Composition.of(reply, seed)

    async def score(
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
        return Scores.of(await self._attempt(self._stub.Score, request, Attempts(self._retry, timeout)))

    async def lyrics_timing(
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
            source = (await self.upload(source)).audio_id
        request = timing_request(source, item, lyrics, caption, vocal_language)
        attempts = Attempts(self._retry, timeout)
        return LyricsTiming.of(await self._attempt(self._stub.TranscribeLyricsTiming, request, attempts))

    async def models(self) -> tuple[MusicModel, ...]:
        """Models that can be asked for; the first is the default."""
        response = await self._call(self._stub.ListModels, music_pb2.ListModelsRequest())
        return tuple(MusicModel.of(model) for model in response.models)

    async def capacity(self) -> Capacity:
        """What runs, what waits and which servers there are."""
        return Capacity.of(await self._call(self._stub.GetCapacity, music_pb2.GetCapacityRequest()))

    async def _message(self, song: str | SongSpec, options: SongOptions) -> music_pb2.SongSpec:
        spec = (SongSpec(caption=song) if isinstance(song, str) else song).with_options(options)
        if not isinstance(spec.task, NewSong) and isinstance(spec.task.source, Path):
            task = dataclasses.replace(spec.task, source=(await self.upload(spec.task.source)).audio_id)
            spec = dataclasses.replace(spec, task=task)
        return spec.to_message((await self.upload(spec.reference)).audio_id if spec.reference else "")

    async def _call(
        self,
        method: grpc.aio.UnaryUnaryMultiCallable[Request, Response],
        request: Request,
        retry: Retry | None = None,
    ) -> Response:
        return await self._attempt(method, request, Attempts(retry or self._retry, self._timeout))

    async def _attempt(
        self, method: grpc.aio.UnaryUnaryMultiCallable[Request, Response], request: Request, attempts: Attempts
    ) -> Response:
        while True:
            try:
                return await method(request, timeout=attempts.seconds_left())
            except grpc.RpcError as error:
                pause = attempts.pause_after(failure(error, self.address))
            await asyncio.sleep(pause)

    async def _stream(
        self,
        method: grpc.aio.UnaryStreamMultiCallable[Request, Response],
        exchange: StreamCall[Request, Response, Answer],
        timeout: float | None,
    ) -> AsyncGenerator[Answer]:
        attempts = Attempts(self._retry, timeout)
        while True:
            call = method(exchange.request(), timeout=attempts.seconds_left())
            try:
                async for response in call:
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
                call.cancel()
            await asyncio.sleep(pause)
