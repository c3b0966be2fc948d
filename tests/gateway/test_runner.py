"""Jobs on their way into the queue."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.artifacts import ArtifactStore
from gateway.jobs import Job
from gateway.library import AudioLibrary
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
