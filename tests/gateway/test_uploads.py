"""Uploads have room together: what would go beyond it is refused before its bytes come."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import soundfile

from gateway.artifacts import ArtifactStore
from gateway.library import AudioLibrary
from gateway.store import JobStore
from gateway.uploads import UploadLimits, Uploads
from quartet.errors import InvalidRequestError, OverloadedError
from quartet.exchange import upload_parts
from quartet.v1 import music_pb2
from tests.support.audio import tone

RATE = 48_000


async def parts_of(path: Path, *, only_header: bool = False) -> AsyncIterator[music_pb2.UploadAudioRequest]:
    """An upload, of which only the header may be asked for where that is said."""
    with path.open("rb") as file:
        header, *data = upload_parts(file)
    yield header
    if only_header:
        pytest.fail("more than the header was asked for")
    for part in data:
        yield part


@pytest.fixture
def recordings(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{hertz}.wav" for hertz in (220, 330)]
    for path in paths:
        soundfile.write(path, tone(1, RATE, 1, float(path.stem)), RATE)
    return paths


async def test_uploads_that_would_take_up_too_much_are_refused(tmp_path: Path, recordings: list[Path]) -> None:
    size = recordings[0].stat().st_size
    artifacts = ArtifactStore(tmp_path / "audio")
    async with JobStore.opened(tmp_path / "jobs.sqlite") as store:
        uploads = Uploads(artifacts, AudioLibrary(store, artifacts), UploadLimits(size, 60.0, 2 * size - 1))
        await uploads.receive(parts_of(recordings[0]))
        with pytest.raises(
            OverloadedError, match=f"take up {2 * size} bytes, at most .*max-stored-upload-bytes"
        ) as full:
            await uploads.receive(parts_of(recordings[1], only_header=True))
    assert full.value.reason == "UPLOADS_FULL"


async def test_uploads_that_are_refused_take_up_nothing(tmp_path: Path, recordings: list[Path]) -> None:
    size = recordings[0].stat().st_size
    artifacts = ArtifactStore(tmp_path / "audio")
    async with JobStore.opened(tmp_path / "jobs.sqlite") as store:
        uploads = Uploads(artifacts, AudioLibrary(store, artifacts), UploadLimits(size, 0.5, size))
        for recording in recordings:
            with pytest.raises(InvalidRequestError, match=r"at most 0\.5 s"):
                await uploads.receive(parts_of(recording))
