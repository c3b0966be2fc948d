"""Files that clients stream in: bounded while they come, checked before they count."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from gateway.artifacts import Artifact, ArtifactStore
from gateway.audio import reading
from gateway.library import UPLOADS, AudioLibrary
from quartet.errors import FieldViolation, InvalidRequestError, OverloadedError
from quartet.v1 import music_pb2


@dataclass(frozen=True)
class UploadLimits:
    """How large and how long an upload may be, and what all that are kept may take up."""

    bytes: int
    seconds: float
    stored_bytes: int


class Uploads:
    """Takes uploads in."""

    def __init__(self, artifacts: ArtifactStore, library: AudioLibrary, limits: UploadLimits) -> None:
        self._artifacts = artifacts
        self._library = library
        self._limits = limits
        self._coming = 0

    async def receive(self, parts: AsyncIterator[music_pb2.UploadAudioRequest]) -> tuple[Artifact, reading.AudioInfo]:
        """Stores an upload that is whole, within the limits and audio.

        Raises InvalidRequestError otherwise, and OverloadedError where too much is stored already.
        """
        first = await anext(aiter(parts), None)
        if first is None or first.WhichOneof("part") != "header":
            raise _invalid("header", "must be the first message of the stream")
        announced = first.header.bytes
        if not 1 <= announced <= self._limits.bytes:
            raise _invalid("header.bytes", f"is {announced}, must be within 1 and {self._limits.bytes}")
        async with self._room_for(announced):
            return await self._store(parts, announced)

    @asynccontextmanager
    async def _room_for(self, announced: int) -> AsyncIterator[None]:
        """Counts a file while it comes. Raises OverloadedError where there is no room for it."""
        self._coming += announced
        try:
            taken = await self._library.bytes_of(UPLOADS) + self._coming
            if taken > self._limits.stored_bytes:
                raise OverloadedError(
                    f"with this file uploads take up {taken} bytes, at most {self._limits.stored_bytes} are allowed; "
                    "delete jobs that were made from uploads, wait until older uploads expire, or start the gateway "
                    "with a larger --max-stored-upload-bytes",
                    reason="UPLOADS_FULL",
                )
            yield
        finally:
            self._coming -= announced

    async def _store(
        self, parts: AsyncIterator[music_pb2.UploadAudioRequest], announced: int
    ) -> tuple[Artifact, reading.AudioInfo]:
        with self._artifacts.scratch_file() as path:
            with path.open("wb") as file:
                async for part in parts:
                    if part.WhichOneof("part") != "data":
                        raise _invalid("data", "is missing; every message after the header carries some")
                    if file.tell() + len(part.data) > announced:
                        raise _invalid("data", f"exceeds the {announced} bytes that were announced")
                    file.write(part.data)
                received = file.tell()
            if received < announced:
                raise _invalid("data", f"ends after {received} of the {announced} bytes that were announced")
            try:
                info = await asyncio.to_thread(reading.inspect, path, self._limits.seconds)
            except reading.AudioError as error:
                raise _invalid("data", str(error)) from None
            return await self._library.keep(path, UPLOADS), info


def _invalid(field: str, description: str) -> InvalidRequestError:
    return InvalidRequestError.of([FieldViolation(field, description)])
