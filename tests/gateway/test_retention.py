"""The sweeper removes uploads whose time is over, at once and then again and again, whatever happens to a sweep."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.artifacts import ArtifactStore
from gateway.library import UPLOADS, AudioLibrary
from gateway.retention import sweeping
from gateway.store import JobStore

NOON, HOUR = 1_000_000.0, 3600.0


@pytest.fixture
def artifacts(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "audio")


@pytest.fixture
async def library(artifacts: ArtifactStore, tmp_path: Path) -> AsyncIterator[AudioLibrary]:
    async with JobStore.opened(tmp_path / "jobs.sqlite") as store:
        yield AudioLibrary(store, artifacts)


async def uploaded(library: AudioLibrary, folder: Path, content: bytes, at: float) -> Path:
    """The file of an upload that came at a time."""
    path = folder / "scratch"
    path.write_bytes(content)
    os.utime(path, (at, at))
    return (await library.keep(path, UPLOADS)).path


class Time:
    """A clock that stands still until the test lets a pause end."""

    def __init__(self) -> None:
        self.now = NOON
        self.pauses: asyncio.Queue[float] = asyncio.Queue()
        self._ends: asyncio.Queue[None] = asyncio.Queue()

    async def pause(self, seconds: float) -> None:
        self.pauses.put_nowait(seconds)
        await self._ends.get()

    async def pass_by(self, seconds: float) -> None:
        """Returns once the sweep after that time is done."""
        self.now += seconds
        self._ends.put_nowait(None)
        await self.pauses.get()


async def test_the_sweeper_looks_at_once_and_again(library: AudioLibrary, tmp_path: Path) -> None:
    time = Time()
    old = await uploaded(library, tmp_path, b"old", NOON - 3 * HOUR)
    async with sweeping(library, 2 * HOUR, lambda: time.now, time.pause):
        assert await time.pauses.get() == 600
        new = await uploaded(library, tmp_path, b"new", NOON)
        assert not old.exists()
        await time.pass_by(2 * HOUR)
        assert new.exists()
        await time.pass_by(1)
        assert not new.exists()


async def test_a_sweep_that_fails_is_tried_again(
    library: AudioLibrary, artifacts: ArtifactStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(audio_id: str) -> None:
        raise OSError("the disk is away")

    time = Time()
    old = await uploaded(library, tmp_path, b"old", NOON - 3 * HOUR)
    monkeypatch.setattr(artifacts, "delete", fail)
    async with sweeping(library, HOUR, lambda: time.now, time.pause):
        await time.pauses.get()
        assert old.exists()
        monkeypatch.undo()
        await time.pass_by(1)
        assert not old.exists()


async def test_errors_beside_the_sweeper_stay_what_they_are(library: AudioLibrary) -> None:
    """A gateway that cannot start says why in one line."""
    with pytest.raises(ConnectionError):
        async with sweeping(library, HOUR):
            raise ConnectionError
