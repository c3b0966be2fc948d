"""Waiting for what another thread brings about."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


async def until(condition: Callable[[], object]) -> None:
    """Returns once a condition holds. A loop without a pause would keep the GIL from the thread that is waited for."""
    while not condition():
        await asyncio.sleep(1e-3)
