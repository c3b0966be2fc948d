"""Files under their digest: whole or not there, and readable in ranges."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.artifacts import Artifact, ArtifactStore, Beside
from gateway.folder import locked
from quartet.errors import NotFoundError
from serving.server import StartupError

CONTENT = bytes(range(256)) * 8200  # two blocks of 1 MiB and some more


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> ArtifactStore:
    return ArtifactStore(tmp_path_factory.mktemp("audio"))


def kept(artifacts: ArtifactStore, content: bytes) -> Artifact:
    with artifacts.scratch_file() as path:
        path.write_bytes(content)
        return artifacts.adopt(path, artifacts.digest(path))


@pytest.fixture(scope="module")
def artifact(artifacts: ArtifactStore) -> Artifact:
    return kept(artifacts, CONTENT)


def test_the_digest_is_the_id(artifacts: ArtifactStore, artifact: Artifact) -> None:
    assert artifact.id == hashlib.sha256(CONTENT).hexdigest()
    assert artifacts.find(artifact.id) == artifact
    assert kept(artifacts, CONTENT) == artifact


@given(offset=st.integers(0, len(CONTENT)), limit=st.integers(0, len(CONTENT) + 10))
def test_ranges(artifacts: ArtifactStore, artifact: Artifact, offset: int, limit: int) -> None:
    blocks = list(artifacts.read(artifact, offset, limit))
    assert b"".join(blocks) == CONTENT[offset : offset + limit if limit else None]
    assert all(0 < len(block) <= 2**20 for block in blocks)


@pytest.mark.parametrize("unknown", ["", "0" * 64, "../jobs.sqlite", "A" * 64])
def test_nothing_else_is_found(artifacts: ArtifactStore, unknown: str) -> None:
    with pytest.raises(NotFoundError):
        artifacts.find(unknown)


@pytest.mark.parametrize("beside", Beside)
def test_nothing_is_kept_beside_an_artifact_that_is_gone(artifacts: ArtifactStore, beside: Beside) -> None:
    """As where an upload expires while somebody listens to it."""
    gone = kept(artifacts, b"an upload")
    artifacts.delete(gone.id)
    with artifacts.scratch_file() as path:
        artifacts.attach(path, gone, beside)
    assert not artifacts.attachment(gone, beside).exists()
    there = kept(artifacts, b"an upload")
    with artifacts.scratch_file() as path:
        artifacts.attach(path, there, beside)
    assert artifacts.attachment(there, beside).exists()
    artifacts.delete(there.id)
    assert not artifacts.attachment(there, beside).exists()


def test_scratch_files_do_not_stay(tmp_path: Path) -> None:
    artifacts = ArtifactStore(tmp_path)
    with artifacts.scratch_file() as path:
        assert path.exists()
    assert not path.exists()
    (tmp_path / "scratch" / "of a gateway that died").touch()
    ArtifactStore(tmp_path)
    assert not list((tmp_path / "scratch").iterdir())


def test_a_folder_has_one_gateway_at_a_time(tmp_path: Path) -> None:
    with locked(tmp_path), pytest.raises(StartupError, match="another gateway uses"), locked(tmp_path):
        pass
    with locked(tmp_path):
        pass
