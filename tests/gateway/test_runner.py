"""Jobs on their way into the queue."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from gateway.artifacts import ArtifactStore
from gateway.jobs import Job
from gateway.library import AudioLibrary
from gateway.results import Progress
from gateway.runner import JobRunner, RunnerLimits
from gateway.stages import Stages
from gateway.store import JobStore
from quartet.events import JobState
from quartet.songs import SongSpec
from serving.telemetry import Telemetry

NOBODY = "127.0.0.1:1"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[JobStore]:
    async with JobStore.opened(tmp_path / "jobs.sqlite") as store:
        yield store


@pytest.fixture
async def runner(store: JobStore, tmp_path: Path) -> AsyncIterator[JobRunner]:
    """One that takes jobs and runs none."""
    artifacts, telemetry = ArtifactStore(tmp_path / "audio"), Telemetry.off()
    async with Stages.connected(dict.fromkeys(("encoder", "dit", "vae"), NOBODY), telemetry) as stages:
        limits = RunnerLimits(running_jobs=1, queued_jobs=2, upload_seconds=1.0)
        yield JobRunner(store, artifacts, AudioLibrary(store, artifacts), stages, telemetry, limits)


async def test_a_job_whose_caller_goes_while_it_is_written_down_does_not_wait_forever(
    runner: JobRunner, store: JobStore
) -> None:
    new = Job.new(SongSpec("rain"), request_id="mine", fingerprint="f", seconds_allowed=60)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):  # the caller goes at the first chance
            await runner.submit(new)
    assert (await store.get(new.id)).state is JobState.CANCELLED
    again = Job.new(SongSpec("rain"), request_id="mine", fingerprint="f", seconds_allowed=60)
    assert (await runner.submit(again)).id == again.id


async def test_a_watcher_who_does_not_read_misses_progress_and_no_change(runner: JobRunner) -> None:
    job = await runner.submit(Job.new(SongSpec("rain"), request_id="mine", fingerprint="f", seconds_allowed=60))
    async with aclosing(runner.watch(job.id)) as events:
        assert await anext(events) == job
        for step in range(5000):
            runner._report(job, Progress("dit", 0, step, 5000))
        await runner.cancel(job.id)
        unread = [event async for event in events]
    assert 1000 < len(unread) < 1100
    assert isinstance(unread[-1], Job)
    assert unread[-1].state is JobState.CANCELLED
