"""Engines around a codec, for tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.runtime.batching import BatchQueue
from services.vae.codec import WindowedCodec
from services.vae.engine import VaeEngine
from services.vae.stepper import DecodeItem, EncodeItem, VaeStepper
from serving.telemetry import Telemetry


@asynccontextmanager
async def vae_engine(
    codec: WindowedCodec, *, windows_per_step: int = 1, max_items: int = 16
) -> AsyncIterator[tuple[VaeEngine, BatchQueue[DecodeItem | EncodeItem]]]:
    """An engine and its queue."""
    stepper = VaeStepper(codec, windows_per_step=windows_per_step, max_items=max_items)
    async with BatchQueue("vae", stepper, Telemetry.off(), max_queued_items=64, max_queued_cost=1e9) as queue:
        yield VaeEngine(codec.config, queue), queue
