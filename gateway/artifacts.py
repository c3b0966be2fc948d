"""Files under the digest of their content: the same content is the same file, and a file that is there is whole."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from quartet.errors import NotFoundError

_BLOCK_BYTES = 2**20
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Artifact:
    """A stored file; `id` is its SHA-256 in hexadecimal."""

    id: str
    path: Path
    bytes: int


class Beside(StrEnum):
    """What may lie beside an artifact that is audio, by the suffix of its file."""

    LATENTS = ".attached"  # of all of it
    REFERENCE = ".reference"  # of what the timbre encoder hears of it


class ArtifactStore:
    """A local folder of artifacts. Its methods block; call them from a thread where files are large."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._scratch = folder / "scratch"
        self._scratch.mkdir(parents=True, exist_ok=True)
        for leftover in self._scratch.iterdir():  # of a gateway that died
            leftover.unlink()

    @contextmanager
    def scratch_file(self) -> Iterator[Path]:
        """A file to write to, on the same disk as the artifacts; it is removed unless it was adopted."""
        handle, name = tempfile.mkstemp(dir=self._scratch)
        os.close(handle)
        path = Path(name)
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    def digest(self, path: Path) -> str:
        """The id of a finished scratch file."""
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def sync(self, path: Path) -> None:
        """Waits until the content of a finished scratch file is on the disk."""
        with path.open("rb") as file:
            os.fsync(file.fileno())

    def adopt(self, path: Path, artifact_id: str) -> Artifact:
        """Makes a scratch file on the disk the artifact of its id, in place of an older file. This does not block."""
        target = self._path(artifact_id)
        target.parent.mkdir(exist_ok=True)
        path.replace(target)
        return Artifact(artifact_id, target, target.stat().st_size)

    def written_at(self, artifact_id: str) -> float | None:
        """When an artifact was written last, in seconds since the epoch; None where there is none."""
        try:
            return self.find(artifact_id).path.stat().st_mtime
        except (NotFoundError, FileNotFoundError):
            return None

    def find(self, artifact_id: str) -> Artifact:
        """An artifact. Raises NotFoundError."""
        path = self._path(artifact_id) if _DIGEST.fullmatch(artifact_id) else None
        if path is None or not path.is_file():
            raise NotFoundError.of("audio", artifact_id)
        return Artifact(artifact_id, path, path.stat().st_size)

    def attach(self, path: Path, artifact: Artifact, beside: Beside) -> None:
        """Keeps a scratch file beside an artifact, for as long as that stays: not at all where it is gone by now."""
        attachment = self.attachment(artifact, beside)
        path.replace(attachment)
        if not artifact.path.exists():  # asked last, since whoever removes an artifact removes what is beside it after
            attachment.unlink(missing_ok=True)

    def attachment(self, artifact: Artifact, beside: Beside) -> Path:
        """Where a file beside an artifact lies, if it has one."""
        return artifact.path.with_suffix(beside)

    def read(self, artifact: Artifact, offset: int, limit: int) -> Iterator[bytes]:
        """Blocks of at most 1 MiB of a range; limit 0 reads to the end."""
        left = min(limit or artifact.bytes, artifact.bytes - offset)
        with artifact.path.open("rb") as file:
            file.seek(offset)
            while left > 0 and (block := file.read(min(left, _BLOCK_BYTES))):
                left -= len(block)
                yield block

    def delete(self, artifact_id: str) -> None:
        """Removes an artifact and what is attached to it, if it is there."""
        path = self._path(artifact_id)
        path.unlink(missing_ok=True)
        for beside in Beside:
            path.with_suffix(beside).unlink(missing_ok=True)

    def _path(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest
