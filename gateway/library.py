"""Audio with owners: a file stays as long as a job needs it and, where somebody uploaded it, for its time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from gateway.artifacts import Artifact, ArtifactStore
from gateway.store import JobStore
from quartet.errors import NotFoundError

UPLOADS = "uploads"


class AudioLibrary:
    """Artifacts and who needs them.

    Equal songs share one file, so that files come and go one at a time: between the last owner's leaving and the
    removal of the file nobody becomes its owner. A file is owned before it is there and gone before it is not owned any
    more: a gateway that dies in between leaves owners without a file, which the next one forgets.
    """

    def __init__(self, store: JobStore, artifacts: ArtifactStore) -> None:
        self._store = store
        self._artifacts = artifacts
        self._changing = asyncio.Lock()

    async def keep(self, path: Path, owner: str) -> Artifact:
        """Makes a scratch file an artifact of an owner: a job, or `UPLOADS`."""
        async with asyncio.TaskGroup() as group:
            on_disk = group.create_task(asyncio.to_thread(self._artifacts.sync, path))
            audio_id = await asyncio.to_thread(self._artifacts.digest, path)
            async with self._changing:
                await self._store.own_audio(audio_id, owner)
                await on_disk
                return self._artifacts.adopt(path, audio_id)

    async def share(self, audio_ids: Iterable[str], owner: str) -> None:
        """Keeps artifacts that are there for one more owner. Raises NotFoundError where one is gone."""
        async with self._changing:
            for audio_id in audio_ids:
                self._artifacts.find(audio_id)
                await self._store.own_audio(audio_id, owner)

    async def release(self, owner: str) -> None:
        """Removes what only this owner needs."""
        async with self._changing:
            needed = await self._store.audio_of(owner)
            for audio_id, others_need_it in needed.items():
                if not others_need_it:
                    self._artifacts.delete(audio_id)
            await self._store.disown_audio(owner, needed)

    async def release_lost(self) -> None:
        """Removes what only jobs need that have ended without a song or are deleted, whose gateway died meanwhile."""
        for owner in await self._store.lost_owners():
            if owner != UPLOADS:
                await self.release(owner)

    async def expire_uploads(self, before: float) -> int:
        """Removes uploads from before a time, in seconds since the epoch, that no job needs; returns how many."""
        async with self._changing:
            uploads = await self._store.audio_of(UPLOADS)
            alone = [audio_id for audio_id, others_need_it in uploads.items() if not others_need_it]
            expired = await asyncio.to_thread(self._delete_older, alone, before)
            await self._store.disown_audio(UPLOADS, expired)
            return len(expired)

    async def bytes_of(self, owner: str) -> int:
        """What the files of an owner take up."""
        return await asyncio.to_thread(self._bytes, await self._store.audio_of(owner))

    def _delete_older(self, audio_ids: Iterable[str], before: float) -> list[str]:
        older = [audio_id for audio_id in audio_ids if (self._artifacts.written_at(audio_id) or 0.0) < before]
        for audio_id in older:
            self._artifacts.delete(audio_id)
        return older

    def _bytes(self, audio_ids: Iterable[str]) -> int:
        total = 0
        for audio_id in audio_ids:
            with suppress(NotFoundError, FileNotFoundError):  # removed meanwhile
                total += self._artifacts.find(audio_id).bytes
        return total
