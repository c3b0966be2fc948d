"""MusicService: thin conversion between the contract and the job layer."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import aclosing
from itertools import islice
from typing import Any

import grpc.aio

from gateway import messages
from gateway.admission import Admission
from gateway.artifacts import Artifact, ArtifactStore
from gateway.jobs import Job
from gateway.library import AudioLibrary
from gateway.runner import JobRunner
from gateway.scorer import Scorer
from gateway.stages import Stages
from gateway.store import JobStore
from gateway.tools import allowed
from gateway.transcriber import Transcriber, recording_of
from gateway.uploads import Uploads
from gateway.writer import Writer
from quartet.errors import (
    CancelledError,
    ConflictError,
    FieldViolation,
    InternalError,
    InvalidRequestError,
)
from quartet.events import JobState
from quartet.v1 import music_pb2, music_pb2_grpc
from quartet.validation import Violations
from quartet.wire import duration_message

Context = grpc.aio.ServicerContext[Any, Any]
BLOCKS_AT_ONCE = 4  # of 1 MiB, in one way to a thread and back
DEFAULT_PAGE = 50
MAX_PAGE = 200
_JOB_ID = re.compile(r"[0-9a-f]{24}")


class MusicServicer(music_pb2_grpc.MusicServiceServicer):
    """The public API of a gateway."""

    def __init__(
        self,
        admission: Admission,
        runner: JobRunner,
        store: JobStore,
        artifacts: ArtifactStore,
        library: AudioLibrary,
        stages: Stages,
        writer: Writer,
        scorer: Scorer,
        transcriber: Transcriber,
        uploads: Uploads,
        max_job_seconds: float,
    ) -> None:
        self._admission = admission
        self._runner = runner
        self._store = store
        self._artifacts = artifacts
        self._library = library
        self._stages = stages
        self._writer = writer
        self._scorer = scorer
        self._transcriber = transcriber
        self._uploads = uploads
        self._max_job_seconds = max_job_seconds

    async def Generate(
        self, request: music_pb2.GenerateRequest, context: Context
    ) -> AsyncIterator[music_pb2.GenerateResponse]:
        """The job and its progress, then the audio, then the record."""
        job = await self._admission.admit(request.song, request.request_id, context.time_remaining())
        told = music_pb2.Job()
        try:
            async with aclosing(self._runner.watch(job.id)) as events:
                async for event in events:
                    if isinstance(event, Job):
                        job, told = event, messages.job_message(event)
                        yield music_pb2.GenerateResponse(job=told)
                    else:
                        yield music_pb2.GenerateResponse(progress=messages.progress_message(event))
        finally:
            if not job.state.ended:
                await self._runner.leave(job.id)
        _raise_unless_succeeded(job)
        for item in told.record.items:
            async for response in self._audio_of(item):
                yield response
        yield music_pb2.GenerateResponse(record=told.record)

    async def CreateJob(self, request: music_pb2.CreateJobRequest, context: Context) -> music_pb2.CreateJobResponse:
        """A job that runs on its own."""
        job = await self._admission.admit(request.song, request.request_id, None)
        return music_pb2.CreateJobResponse(job=messages.job_message(job))

    async def GetJob(self, request: music_pb2.GetJobRequest, context: Context) -> music_pb2.GetJobResponse:
        """A job."""
        return music_pb2.GetJobResponse(job=messages.job_message(await self._runner.get(request.job_id)))

    async def ListJobs(self, request: music_pb2.ListJobsRequest, context: Context) -> music_pb2.ListJobsResponse:
        """A page of jobs."""
        by_message = {message: state for state, message in messages.JOB_STATES.items()}
        with Violations() as check:
            known = all(state in by_message for state in request.states)
            check.that(known, "states", "has a state that is unspecified or not known")
            size = request.page_size or DEFAULT_PAGE
            check.that(size <= MAX_PAGE, "page_size", f"is {size}, must be at most {MAX_PAGE}")
            token_fits = not request.page_token or _JOB_ID.fullmatch(request.page_token)
            check.that(bool(token_fits), "page_token", "does not come from an earlier response")
        jobs = await self._store.page([by_message[state] for state in request.states], size + 1, request.page_token)
        return music_pb2.ListJobsResponse(
            jobs=[messages.job_message(self._runner.located(job)) for job in jobs[:size]],
            next_page_token=jobs[size - 1].id if len(jobs) > size else "",
        )

    async def WatchJob(
        self, request: music_pb2.WatchJobRequest, context: Context
    ) -> AsyncIterator[music_pb2.WatchJobResponse]:
        """A job and its progress until it ends."""
        async with aclosing(self._runner.watch(request.job_id)) as events:
            async for event in events:
                if isinstance(event, Job):
                    yield music_pb2.WatchJobResponse(job=messages.job_message(event))
                else:
                    yield music_pb2.WatchJobResponse(progress=messages.progress_message(event))

    async def CancelJob(self, request: music_pb2.CancelJobRequest, context: Context) -> music_pb2.CancelJobResponse:
        """A job, stopped."""
        return music_pb2.CancelJobResponse(job=messages.job_message(await self._runner.cancel(request.job_id)))

    async def DeleteJob(self, request: music_pb2.DeleteJobRequest, context: Context) -> music_pb2.DeleteJobResponse:
        """Removes a job and the audio that is only its own."""
        await self._store.delete(request.job_id)
        await self._library.release(request.job_id)
        return music_pb2.DeleteJobResponse()

    async def UploadAudio(
        self, request_iterator: AsyncIterator[music_pb2.UploadAudioRequest], context: Context
    ) -> music_pb2.UploadAudioResponse:
        """Stores a recording."""
        artifact, info = await self._uploads.receive(request_iterator)
        return music_pb2.UploadAudioResponse(
            audio_id=artifact.id,
            duration=duration_message(info.duration),
            sample_rate=info.sample_rate,
            channels=info.channels,
        )

    async def ReadAudio(
        self, request: music_pb2.ReadAudioRequest, context: Context
    ) -> AsyncIterator[music_pb2.ReadAudioResponse]:
        """A file or a range of it."""
        artifact = self._artifacts.find(request.audio_id)
        if request.offset > artifact.bytes:
            description = f"is {request.offset}, beyond the {artifact.bytes} bytes of the file"
            raise InvalidRequestError.of([FieldViolation("offset", description)])
        async for offset, data in self._blocks(artifact, request.offset, request.limit):
            yield music_pb2.ReadAudioResponse(offset=offset, data=data, total_bytes=artifact.bytes)

    async def ListModels(self, request: music_pb2.ListModelsRequest, context: Context) -> music_pb2.ListModelsResponse:
        """Models of the DiT stage."""
        offers, reply = await self._stages.offers()
        return music_pb2.ListModelsResponse(
            models=[
                music_pb2.MusicModel(
                    model=model,
                    min_duration=duration_message(offer.min_seconds),
                    max_duration=duration_message(offer.max_seconds),
                    defaults=defaults,
                )
                for offer, model, defaults in zip(offers, reply.info.models, reply.defaults, strict=True)
            ]
        )

    async def GetCapacity(
        self, request: music_pb2.GetCapacityRequest, context: Context
    ) -> music_pb2.GetCapacityResponse:
        """The stages as they answer now."""
        replicas = await asyncio.gather(*(self._stages.replica(stage) for stage in self._stages.names))
        pools = [
            music_pb2.StagePool(
                stage=replica.stage,
                replicas=[
                    music_pb2.StageReplica(
                        address=replica.address,
                        ready=replica.info is not None,
                        info=replica.info,
                        problem=replica.problem,
                    )
                ],
            )
            for replica in replicas
        ]
        return music_pb2.GetCapacityResponse(
            stages=pools,
            queued_jobs=await self._store.count(JobState.QUEUED),
            running_jobs=await self._store.count(JobState.RUNNING),
        )

    async def Compose(self, request: music_pb2.ComposeRequest, context: Context) -> music_pb2.ComposeResponse:
        """A song in words from one sentence."""
        return await self._writer.compose(request, context.time_remaining())

    async def Rewrite(self, request: music_pb2.RewriteRequest, context: Context) -> music_pb2.RewriteResponse:
        """Richer words."""
        return await self._writer.rewrite(request, context.time_remaining())

    async def Understand(self, request: music_pb2.UnderstandRequest, context: Context) -> music_pb2.UnderstandResponse:
        """A recording in words."""
        return await self._writer.understand(request, allowed(context.time_remaining(), self._max_job_seconds))

    async def Score(self, request: music_pb2.ScoreRequest, context: Context) -> music_pb2.ScoreResponse:
        """How well a song fits its words."""
        record = await self._record(request.job_id, "scores")
        seconds_allowed = allowed(context.time_remaining(), self._max_job_seconds)
        return await self._scorer.score(request, record, seconds_allowed)

    async def TranscribeLyricsTiming(
        self, request: music_pb2.TranscribeLyricsTimingRequest, context: Context
    ) -> music_pb2.TranscribeLyricsTimingResponse:
        """When the lyrics of a song or of a recording are sung."""
        seconds_allowed = allowed(context.time_remaining(), self._max_job_seconds)
        if recording := recording_of(request):
            timing = await self._transcriber.transcribe_recording(recording, seconds_allowed)
        else:
            record = await self._record(request.job_id, "lyrics in time")
            timing = await self._transcriber.transcribe(record, request.item, seconds_allowed)
        return messages.lyrics_timing_message(timing)

    async def _record(self, job_id: str, wanted: str) -> music_pb2.SongRecord:
        """The record of a job. Raises ConflictError where it has not succeeded."""
        job = await self._runner.get(job_id)
        if job.state is not JobState.SUCCEEDED:
            raise ConflictError(f"job {job.id} is {job.state}; only the items of succeeded jobs have {wanted}")
        return messages.record_message(job)

    async def _audio_of(self, item: music_pb2.SongItem) -> AsyncIterator[music_pb2.GenerateResponse]:
        artifact = self._artifacts.find(item.audio_id)
        async for offset, data in self._blocks(artifact, 0, 0):
            last = offset + len(data) == artifact.bytes
            # Not from a message of the chunk, whose bytes would be copied twice more.
            yield music_pb2.GenerateResponse(audio={"item": item.index, "offset": offset, "data": data, "last": last})

    async def _blocks(self, artifact: Artifact, offset: int, limit: int) -> AsyncIterator[tuple[int, bytes]]:
        blocks = self._artifacts.read(artifact, offset, limit)
        while several := await asyncio.to_thread(list, islice(blocks, BLOCKS_AT_ONCE)):
            for block in several:
                yield offset, block
                offset += len(block)


def _raise_unless_succeeded(job: Job) -> None:
    if job.state is JobState.CANCELLED:
        raise CancelledError(f"job {job.id} was cancelled")
    if job.failure:
        raise job.failure.error()
    if job.state is not JobState.SUCCEEDED:
        raise InternalError(f"job {job.id} is {job.state} at the end of its stream")
