"""From a request to a job: what was asked for before is found, what is new is checked, decided and queued."""

from __future__ import annotations

import asyncio

from gateway import messages, requests
from gateway.artifacts import ArtifactStore
from gateway.jobs import Job
from gateway.library import AudioLibrary
from gateway.planning import NO_PLANNER
from gateway.runner import JobRunner
from gateway.source import measure
from gateway.stages import Stages
from gateway.tasks import source_of, task_name
from gateway.tools import allowed
from quartet.errors import ConflictError, NotFoundError
from quartet.v1 import music_pb2
from serving.telemetry import outgoing_metadata


class Admission:
    """Takes requests for songs; recordings may last `max_upload_seconds`, jobs `max_job_seconds`."""

    def __init__(
        self,
        runner: JobRunner,
        artifacts: ArtifactStore,
        library: AudioLibrary,
        stages: Stages,
        max_upload_seconds: float,
        max_job_seconds: float,
    ) -> None:
        self._runner = runner
        self._artifacts = artifacts
        self._library = library
        self._stages = stages
        self._max_upload_seconds = max_upload_seconds
        self._max_job_seconds = max_job_seconds

    async def admit(self, song: music_pb2.SongSpec, request_id: str, seconds_left: float | None) -> Job:
        """The job of a request; one that was asked for before is the same job, whatever has become of its sources.

        Raises InvalidRequestError, NotFoundError and ConflictError where there can be none, AlreadyExistsError where
        the request id belongs to another song, OverloadedError, and what the stages raise.
        """
        fingerprint = messages.fingerprint(song)
        if known := await self._runner.known(request_id, fingerprint):
            return known
        offers, _ = await self._stages.offers()
        has_planner = self._stages.planner is not None
        seconds = await self._source_seconds(song)
        offer = requests.check_song(song, request_id, offers, has_planner=has_planner, source_seconds=seconds)
        await self._check_planner(song.thinking)
        if song.reference_audio_id:
            await self._measured(song.reference_audio_id, "song.reference_audio_id")
        job = Job.new(
            requests.resolve(song, offer, has_planner=has_planner, source_seconds=seconds),
            request_id=request_id,
            fingerprint=fingerprint,
            seconds_allowed=allowed(seconds_left, self._max_job_seconds),
            traceparent=dict(outgoing_metadata()).get("traceparent", ""),
        )
        heard = [audio_id for audio_id in (source_of(song), song.reference_audio_id) if audio_id]
        return await self._submitted(job, heard)

    async def _submitted(self, job: Job, heard: list[str]) -> Job:
        """The job, queued; what it hears stays for as long as it does."""
        submitted = None
        try:
            await self._library.share(heard, job.id)
            submitted = await self._runner.submit(job)
        finally:
            if submitted is None or submitted.id != job.id:
                await self._library.release(job.id)
        return submitted

    async def _source_seconds(self, song: music_pb2.SongSpec) -> float | None:
        """Length of the task's source; None where the task has none, or does not name it."""
        if not (audio_id := source_of(song)):
            return None
        return await self._measured(audio_id, f"song.{task_name(song)}.source_audio_id")

    async def _measured(self, audio_id: str, field: str) -> float:
        """Length of a recording that can be heard, in seconds."""
        return await asyncio.to_thread(measure, self._artifacts.find(audio_id), field, self._max_upload_seconds)

    async def _check_planner(self, thinking: music_pb2.Thinking) -> None:
        """What only the planner can say of a request, before it is accepted."""
        planner = self._stages.planner
        if planner is None:
            if thinking.think:
                raise ConflictError(NO_PLANNER, reason="NO_PLANNER")
        elif thinking.model:
            served = [model.id for model in (await planner.info()).models]
            if thinking.model not in served:
                raise NotFoundError.of("planner model", thinking.model, f"there are {', '.join(served)}")
