"""Uploads have their time: once it is over they go, unless a job needs them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from gateway.library import AudioLibrary

log = logging.getLogger(__name__)
LONGEST_PAUSE_SECONDS = 600.0
_SWEEPS_PER_RETENTION = 10


@asynccontextmanager
async def sweeping(
    library: AudioLibrary,
    retention_seconds: float,
    clock: Callable[[], float] = time.time,
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> AsyncIterator[None]:
    """Removes uploads that are older than their time, at once and again and again for as long as the block runs.

    `clock` tells the seconds since the epoch, `pause` waits for some.
    """
    sweeper = asyncio.create_task(_sweep(library, retention_seconds, clock, pause), name="upload sweeper")
    try:
        yield
    finally:
        sweeper.cancel()
        await asyncio.gather(sweeper, return_exceptions=True)


async def _sweep(
    library: AudioLibrary,
    retention_seconds: float,
    clock: Callable[[], float],
    pause: Callable[[float], Awaitable[None]],
) -> None:
    while True:
        try:
            if removed := await library.expire_uploads(clock() - retention_seconds):
                log.info("removed %d uploads that were older than %g s", removed, retention_seconds)
        except Exception:
            log.exception("old uploads could not be removed; the next sweep tries again")
        await pause(min(retention_seconds / _SWEEPS_PER_RETENTION, LONGEST_PAUSE_SECONDS))
