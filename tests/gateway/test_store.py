"""The store of jobs: what was written is read again, one job per request id, no change behind another's back."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.jobs import Failure, Job
from gateway.store import JobStore
from quartet.errors import AlreadyExistsError, ConflictError, NotFoundError, OverloadedError, UnavailableError
from quartet.events import JobState
from quartet.planning import Thinking, TokenSampling
from quartet.songs import AudioFormat, GuidanceMode, SamplerMethod, SongSpec, Wavelet, WaveletMode
from quartet.tasks import Region, Repaint

SONG = SongSpec(
    "Regen über Prag",
    "[Verse]\nла-ла",
    task=Repaint("cd" * 32, (Region(1.5, 2.25), Region(3.0)), free_mask=True),
    duration=12.34,
    bpm=92,
    key_scale="F# minor",
    time_signature="3",
    vocal_language="cs",
    reference_audio_id="ab" * 32,
    model="acestep-v15-base",
    steps=30,
    shift=2.5,
    method=SamplerMethod.SDE,
    guidance_interval=(0.1, 0.9),
    keep_level=True,
    fade_in=0.5,
    fade_out=1.25,
    mp3_bitrate_kbps=192,
    sample_rate=44_100,
    title="Rain",
    no_tags=True,
    score=True,
    time_lyrics=True,
    thinking=Thinking(think=False, seed=3, code_seeds=(4, 5), sampling=TokenSampling(temperature=0.5)),
    seeds=(1, 2**32 - 1),
    items=2,
    timesteps=(1.0, 0.3),
    snap_timesteps=True,
    guidance=3.5,
    guidance_mode=GuidanceMode.ADG,
    wavelet_correction=(0.0, 0.25),
    wavelet_mode=WaveletMode.HIGH,
    wavelet=Wavelet.COIF2,
    velocity_clamp=1.5,
    velocity_ema=0.25,
    latent_shift=-0.125,
    latent_rescale=1.25,
    format=AudioFormat.OPUS,
    peak_dbfs=-3.0,
    instrumental=True,
)


def job(request_id: str = "", fingerprint: str = "f") -> Job:
    return Job.new(SONG, request_id=request_id, fingerprint=fingerprint, seconds_allowed=60, traceparent="00-1-2-01")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[JobStore]:
    async with JobStore.opened(tmp_path / "jobs.sqlite") as store:
        yield store


async def created(store: JobStore, new: Job) -> Job:
    kept, _ = await store.create(new, max_queued=100)
    return kept


async def test_a_job_is_read_as_it_was_written(store: JobStore, tmp_path: Path) -> None:
    written = await created(store, job("mine"))
    assert await store.get(written.id) == written
    running = written.started()
    failed = running.failed(Failure.of(UnavailableError("down", metadata={"stage": "vae"})))
    await store.update(running, expected=(JobState.QUEUED,))
    await store.update(failed, expected=(JobState.RUNNING,))
    async with JobStore.opened(tmp_path / "jobs.sqlite") as opened_again:
        assert await opened_again.get(written.id) == failed


async def test_equal_request_ids_are_one_job(store: JobStore) -> None:
    first = await created(store, job("mine"))
    assert await store.create(job("mine"), max_queued=100) == (first, False)
    with pytest.raises(AlreadyExistsError, match=first.id):
        await store.create(job("mine", fingerprint="other"), max_queued=100)
    assert (await created(store, job())).id != (await created(store, job())).id


async def test_calls_at_once_with_one_request_id_make_one_job(store: JobStore) -> None:
    made = await asyncio.gather(*(store.create(job("mine"), max_queued=100) for _ in range(8)))
    assert len({kept.id for kept, _ in made}) == 1
    assert sum(is_new for _, is_new in made) == 1


async def test_a_cancelled_job_frees_its_request_id(store: JobStore) -> None:
    first = await created(store, job("mine"))
    await store.update(first.cancelled(), expected=(JobState.QUEUED,))
    assert (await created(store, job("mine"))).id != first.id


async def test_the_queue_is_bounded(store: JobStore) -> None:
    for _ in range(2):
        await store.create(job(), max_queued=2)
    with pytest.raises(OverloadedError) as refusal:
        await store.create(job(), max_queued=2)
    assert refusal.value.retry_after_s
    assert await store.count(JobState.QUEUED) == 2


async def test_of_two_changes_the_second_fails(store: JobStore) -> None:
    waiting = await created(store, job())
    await store.update(waiting.cancelled(), expected=(JobState.QUEUED,))
    with pytest.raises(ConflictError, match="is cancelled by now"):
        await store.update(waiting.started(), expected=(JobState.QUEUED,))


async def test_pages_and_states(store: JobStore) -> None:
    jobs = [await created(store, job()) for _ in range(5)]
    done = jobs[1].started().succeeded("{}")
    await store.update(done, expected=(JobState.QUEUED,))
    assert [found.id for found in await store.page((), 3, "")] == [jobs[4].id, jobs[3].id, jobs[2].id]
    assert [found.id for found in await store.page((), 3, jobs[2].id)] == [jobs[1].id, jobs[0].id]
    assert await store.page((JobState.SUCCEEDED,), 3, "") == [done]
    assert [found.id for found in await store.unfinished()] == [jobs[i].id for i in (0, 2, 3, 4)]


async def test_only_ended_jobs_are_deleted(store: JobStore) -> None:
    waiting = await created(store, job())
    with pytest.raises(ConflictError):
        await store.delete(waiting.id)
    await store.update(waiting.cancelled(), expected=(JobState.QUEUED,))
    await store.delete(waiting.id)
    for call in (store.get(waiting.id), store.delete(waiting.id)):
        with pytest.raises(NotFoundError):
            await call


def test_the_song_of_these_tests_sets_every_field() -> None:
    """So that a field that the store forgets is noticed. A file is no part of a job: it was uploaded before."""
    names = {field.name for field in dataclasses.fields(SongSpec)}
    assert {name for name in names if getattr(SONG, name) == getattr(SongSpec(), name)} == {"reference"}
