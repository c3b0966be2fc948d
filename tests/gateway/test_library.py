"""Audio goes with its last owner: with the jobs that need it and, where it was uploaded, with its time."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.artifacts import ArtifactStore
from gateway.jobs import Job
from gateway.library import UPLOADS, AudioLibrary
from gateway.store import JobStore
from quartet.errors import NotFoundError
from quartet.events import JobState
from quartet.songs import SongSpec

NOON, HOUR = 1_000_000.0, 3600.0


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[JobStore]:
    async with JobStore.opened(tmp_path / "jobs.sqlite") as store:
        yield store


@pytest.fixture
def artifacts(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "audio")


@pytest.fixture
def library(store: JobStore, artifacts: ArtifactStore) -> AudioLibrary:
    return AudioLibrary(store, artifacts)


async def kept(library: AudioLibrary, folder: Path, content: bytes, owner: str, at: float = NOON) -> str:
    """The id of what an owner was given at a time."""
    path = folder / "scratch"
    path.write_bytes(content)
    os.utime(path, (at, at))
    return (await library.keep(path, owner)).id


async def created(store: JobStore) -> Job:
    new = Job.new(SongSpec("rain"), request_id="", fingerprint="", seconds_allowed=60)
    job, _ = await store.create(new, max_queued=9)
    return job


def is_there(artifacts: ArtifactStore, audio_id: str) -> bool:
    try:
        return artifacts.find(audio_id).bytes > 0
    except NotFoundError:
        return False


async def test_audio_goes_with_its_last_owner(library: AudioLibrary, artifacts: ArtifactStore, tmp_path: Path) -> None:
    (audio_id,) = {await kept(library, tmp_path, b"song", owner) for owner in ("job 1", "job 2", UPLOADS)}
    own = await kept(library, tmp_path, b"other", "job 1")
    await library.release("job 1")
    assert is_there(artifacts, audio_id)
    assert not is_there(artifacts, own)
    await library.release("job 2")
    assert is_there(artifacts, audio_id)
    await library.release(UPLOADS)
    assert not is_there(artifacts, audio_id)


async def test_uploads_go_when_their_time_is_over(
    library: AudioLibrary, artifacts: ArtifactStore, tmp_path: Path
) -> None:
    old, new = [await kept(library, tmp_path, content, UPLOADS, at) for content, at in ((b"1", NOON - 1), (b"2", NOON))]
    assert await library.expire_uploads(NOON) == 1
    assert (is_there(artifacts, old), is_there(artifacts, new)) == (False, True)
    assert await library.bytes_of(UPLOADS) == 1


async def test_an_upload_that_a_job_needs_stays_as_long_as_that(
    library: AudioLibrary, artifacts: ArtifactStore, tmp_path: Path
) -> None:
    audio_id = await kept(library, tmp_path, b"source", UPLOADS)
    await library.share([audio_id], "job")
    assert await library.expire_uploads(NOON + HOUR) == 0
    await library.release("job")
    assert is_there(artifacts, audio_id)
    assert await library.expire_uploads(NOON + HOUR) == 1
    with pytest.raises(NotFoundError):
        await library.share([audio_id], "another job")


async def test_the_same_upload_again_renews_its_time(library: AudioLibrary, tmp_path: Path) -> None:
    for at in (NOON, NOON + HOUR):
        await kept(library, tmp_path, b"source", UPLOADS, at)
    assert await library.expire_uploads(NOON + HOUR) == 0
    assert await library.expire_uploads(NOON + HOUR + 1) == 1


async def test_results_have_no_time(library: AudioLibrary, artifacts: ArtifactStore, tmp_path: Path) -> None:
    result = await kept(library, tmp_path, b"song", "job")
    assert await library.expire_uploads(NOON + HOUR) == 0
    assert is_there(artifacts, result)


async def test_uploads_whose_files_are_gone_are_forgotten(
    library: AudioLibrary, artifacts: ArtifactStore, tmp_path: Path
) -> None:
    """As a gateway leaves them that dies between the removal of a file and that of its owner."""
    audio_id = await kept(library, tmp_path, b"source", UPLOADS)
    artifacts.delete(audio_id)
    assert await library.bytes_of(UPLOADS) == 0
    assert await library.expire_uploads(NOON - HOUR) == 1
    assert await library.expire_uploads(NOON - HOUR) == 0


async def test_jobs_that_are_gone_or_failed_need_no_audio_after_a_restart(
    library: AudioLibrary, artifacts: ArtifactStore, store: JobStore, tmp_path: Path
) -> None:
    waiting, cancelled, deleted = [await created(store) for _ in range(3)]
    for job in (cancelled, deleted):
        await store.update(job.cancelled(), expected=(JobState.QUEUED,))
    await store.delete(deleted.id)
    owners = (waiting.id, cancelled.id, deleted.id, UPLOADS)
    needed, *lost, upload = [await kept(library, tmp_path, owner.encode(), owner) for owner in owners]
    await library.release_lost()
    assert [is_there(artifacts, audio_id) for audio_id in (needed, *lost, upload)] == [True, False, False, True]


async def test_a_file_that_cannot_be_kept_leaves_no_artifact(
    library: AudioLibrary, artifacts: ArtifactStore, tmp_path: Path
) -> None:
    with pytest.raises(ExceptionGroup, match="unhandled") as failure:
        await library.keep(tmp_path / "gone", "job")
    assert failure.group_contains(FileNotFoundError)
    await library.release("job")
    assert not list(tmp_path.glob("audio/*/*"))
