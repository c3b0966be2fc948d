"""Runs jobs: a bounded number at a time, watched by any number of calls, never lost."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

from gateway import messages
from gateway.artifacts import ArtifactStore
from gateway.jobs import Failure, Job
from gateway.library import AudioLibrary
from gateway.pipeline import make_song
from gateway.results import Progress, SongResult
from gateway.stages import Stages
from gateway.store import JobStore
from gateway.tools import JobTools
from quartet.errors import ConflictError, DeadlineError, NotFoundError, QuartetError, UnavailableError
from quartet.events import JobState
from quartet.planning import SongPlan
from serving.interceptor import quartet_error_of
from serving.telemetry import Telemetry, incoming_context

log = logging.getLogger(__name__)
Event = Job | Progress
_UNREAD_EVENTS = 1024


@dataclass(frozen=True)
class RunnerLimits:
    """How much runs and waits; how long uploads may last."""

    running_jobs: int
    queued_jobs: int
    upload_seconds: float


class JobRunner:
    """Takes jobs, runs them through the pipeline, tells watchers. Enter it before use.

    Leaving it hands running jobs back to the queue on disk: the next gateway on the same store runs them again.
    """

    def __init__(
        self,
        store: JobStore,
        artifacts: ArtifactStore,
        library: AudioLibrary,
        stages: Stages,
        telemetry: Telemetry,
        limits: RunnerLimits,
    ) -> None:
        self._store = store
        self._artifacts = artifacts
        self._library = library
        self._stages = stages
        self._telemetry = telemetry
        self._limits = limits
        self._waiting: asyncio.Queue[Job] = asyncio.Queue()
        self._running: dict[str, asyncio.Task[SongResult]] = {}
        self._at_stage: dict[str, str] = {}
        self._plans: dict[str, SongPlan] = {}
        self._watchers: defaultdict[str, set[asyncio.Queue[Event]]] = defaultdict(set)
        self._workers: list[asyncio.Task[None]] = []
        self._draining = False

    async def __aenter__(self) -> Self:
        for job in await self._store.unfinished():
            if job.state is JobState.RUNNING:
                job = job.requeued()
                await self._store.update(job, expected=(JobState.RUNNING,))
                log.info("job %s was running when its gateway stopped; it runs again", job.id)
            self._waiting.put_nowait(job)
        self._workers = [
            asyncio.create_task(self._work(), name=f"worker {number}") for number in range(self._limits.running_jobs)
        ]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.drain()
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)

    def drain(self) -> None:
        """From now on calls that end leave their jobs alone, and no job is taken."""
        self._draining = True

    async def known(self, request_id: str, fingerprint: str) -> Job | None:
        """The job of a request that was made before. Raises AlreadyExistsError where it makes another song."""
        self._check_open()
        return await self._store.of_request(request_id, fingerprint)

    async def submit(self, job: Job) -> Job:
        """Writes a job down and queues it; returns the earlier job where the request id is known."""
        self._check_open()
        creating = asyncio.create_task(self._store.create(job, max_queued=self._limits.queued_jobs))
        try:
            job, is_new = await asyncio.shield(creating)
        except asyncio.CancelledError:
            await self._take_back(creating)
            raise
        if is_new:
            self._waiting.put_nowait(job)
        return job

    async def _take_back(self, creating: asyncio.Task[tuple[Job, bool]]) -> None:
        """Ends a job whose caller went while it was written down: nobody was told of it, and nobody would run it."""
        with suppress(QuartetError):  # where it was refused there is none
            job, is_new = await creating
            if is_new:
                await self._store.update(job.cancelled(), expected=(JobState.QUEUED,))

    def _check_open(self) -> None:
        if self._draining:
            raise UnavailableError("the gateway is shutting down")

    async def get(self, job_id: str) -> Job:
        """A job, with the stage that it is at. Raises NotFoundError."""
        return self.located(await self._store.get(job_id))

    def located(self, job: Job) -> Job:
        """A job from the store, with the stage that it is at and its plan."""
        return job.at_stage(self._at_stage.get(job.id, "")).planned(self._plans.get(job.id))

    async def watch(self, job_id: str) -> AsyncGenerator[Event, None]:
        """The job as it is, then progress and every change until it ends. Raises NotFoundError."""
        events: asyncio.Queue[Event] = asyncio.Queue()
        self._watchers[job_id].add(events)
        try:
            job = await self.get(job_id)
            yield job
            while not job.state.ended:
                event = await events.get()
                yield event
                if isinstance(event, Job):
                    job = event
        finally:
            self._watchers[job_id].discard(events)
            if not self._watchers[job_id]:
                del self._watchers[job_id]

    async def cancel(self, job_id: str) -> Job:
        """Stops a job and returns it, ended. Raises NotFoundError, or ConflictError where it ended otherwise before."""
        while True:
            job = await self.get(job_id)
            if job.state is JobState.CANCELLED:
                return job
            if task := self._running.get(job_id):
                task.cancel()
                async for event in self.watch(job_id):
                    if isinstance(event, Job):
                        job = event
            if job.state is JobState.CANCELLED:
                return job
            try:
                await self._change(job.cancelled(), expected=(JobState.QUEUED,))
                await self._library.release(job_id)
            except ConflictError:
                if (await self.get(job_id)).state.ended:
                    raise

    async def leave(self, job_id: str) -> None:
        """A call that made a job has ended before it: cancels the job unless others watch it or the gateway drains."""
        if self._draining or self._watchers.get(job_id):
            return
        try:
            await self.cancel(job_id)
        except ConflictError:
            log.debug("job %s ended while its caller left", job_id)

    async def _work(self) -> None:
        while True:
            job = await self._waiting.get()
            if self._draining:
                return
            try:
                await self._run(job)
            except (ConflictError, NotFoundError):
                log.debug("job %s was cancelled, and perhaps deleted, before it started", job.id)
            except Exception:
                log.exception("job %s could not be run", job.id)

    async def _run(self, job: Job) -> None:
        job = await self._change(job.started(), expected=(JobState.QUEUED,))
        task = asyncio.create_task(self._make(job), name=f"job {job.id}")
        self._running[job.id] = task
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            task.cancel()
            await asyncio.wait([task])
            await self._store.update(job.requeued(), expected=(JobState.RUNNING,))
            raise
        finally:
            del self._running[job.id]
            self._at_stage.pop(job.id, None)
            self._plans.pop(job.id, None)
        ended = await self._change(self._ended(job, task), expected=(JobState.RUNNING,))
        if ended.state is not JobState.SUCCEEDED:
            await self._library.release(job.id)

    async def _make(self, job: Job) -> SongResult:
        tools = JobTools(
            stages=self._stages,
            artifacts=self._artifacts,
            keep=lambda path: self._library.keep(path, job.id),
            report=lambda progress: self._report(job, progress),
            show_plan=lambda plan: self._show_plan(job, plan),
            seconds_left=lambda: max(job.deadline - time.time(), 0.001),
            max_upload_seconds=self._limits.upload_seconds,
        )
        caller = incoming_context((("traceparent", job.traceparent),))
        with self._telemetry.span("job", parent=caller, attributes={"quartet.job_id": job.id}):
            try:
                async with asyncio.timeout(job.deadline - time.time()):
                    return await make_song(job.song, tools)
            except TimeoutError:
                raise DeadlineError("the job's deadline passed") from None

    def _ended(self, job: Job, task: asyncio.Task[SongResult]) -> Job:
        if task.cancelled():
            return job.cancelled()
        if error := task.exception():
            failure = Failure.of(quartet_error_of(error))
            log.warning("job %s failed: %s", job.id, failure.message, exc_info=error)
            return job.failed(failure)
        return job.succeeded(messages.record_json(job, task.result()))

    def _report(self, job: Job, progress: Progress) -> None:
        if self._at_stage.get(job.id) != progress.stage:
            self._at_stage[job.id] = progress.stage
            self._publish(job.id, self.located(job))
        self._publish(job.id, progress)

    def _show_plan(self, job: Job, plan: SongPlan) -> None:
        self._plans[job.id] = plan
        self._publish(job.id, self.located(job))

    async def _change(self, job: Job, expected: tuple[JobState, ...]) -> Job:
        await self._store.update(job, expected=expected)
        self._publish(job.id, job)
        return job

    def _publish(self, job_id: str, event: Event) -> None:
        """Who leaves much unread gets no more progress, but every change of the job."""
        for watcher in self._watchers.get(job_id, ()):
            if isinstance(event, Job) or watcher.qsize() < _UNREAD_EVENTS:
                watcher.put_nowait(event)
