"""Audio with owners: a file stays as long as a job made it or somebody uploaded it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

from gateway.artifacts import Artifact, ArtifactStore
from gateway.store import JobStore

UPLOADS = "uploads"


class AudioLibrary:
    """Artifacts and who needs them.

    Equal songs share one file, so that files come and go one at a time: between the last owner's leaving and the
    removal of the file nobody becomes its owner.
    """

    def __init__(self, store: JobStore, artifacts: ArtifactStore) -> None:
        self._store = store
        self._artifacts = artifacts
        self._changing = asyncio.Lock()

    async def keep(self, path: Path, owner: str) -> Artifact:
        """Makes a scratch file an artifact of an owner: a job, or `UPLOADS`."""
        async with self._changing:
            artifact = await asyncio.to_thread(self._artifacts.adopt, path)
            await self._store.own_audio(artifact.id, owner)
            return artifact

    async def share(self, audio_ids: Iterable[str], owner: str) -> None:
        """Keeps artifacts that are there for one more owner. Raises NotFoundError where one is gone."""
        async with self._changing:
            for audio_id in audio_ids:
                self._artifacts.find(audio_id)
                await self._store.own_audio(audio_id, owner)

    async def release(self, owner: str) -> None:
        """Removes what only this owner needs."""
        async with self._changing:
            for audio_id in await self._store.disown_audio(owner):
                self._artifacts.delete(audio_id)
