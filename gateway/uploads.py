"""Files that clients stream in: bounded while they come, checked before they count."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from gateway.artifacts import Artifact, ArtifactStore
from gateway.audio import reading
from gateway.library import UPLOADS, AudioLibrary
from quartet.errors import FieldViolation, InvalidRequestError
from quartet.v1 import music_pb2


@dataclass(frozen=True)
class UploadLimits:
    """How large and how long an upload may be."""

    bytes: int
    seconds: float


async def receive(
    parts: AsyncIterator[music_pb2.UploadAudioRequest],
    artifacts: ArtifactStore,
    library: AudioLibrary,
    limits: UploadLimits,
) -> tuple[Artifact, reading.AudioInfo]:
    """Stores an upload that is whole, within the limits and audio. Raises InvalidRequestError otherwise."""
    first = await anext(aiter(parts), None)
    if first is None or first.WhichOneof("part") != "header":
        raise _invalid("header", "must be the first message of the stream")
    announced = first.header.bytes
    if not 1 <= announced <= limits.bytes:
        raise _invalid("header.bytes", f"is {announced}, must be within 1 and {limits.bytes}")
    with artifacts.scratch_file() as path:
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
            info = await asyncio.to_thread(reading.inspect, path, limits.seconds)
        except reading.AudioError as error:
            raise _invalid("data", str(error)) from None
        return await library.keep(path, UPLOADS), info


def _invalid(field: str, description: str) -> InvalidRequestError:
    return InvalidRequestError.of([FieldViolation(field, description)])
