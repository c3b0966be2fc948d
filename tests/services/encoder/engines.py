"""Engines around the encoders, for tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.encoder.checkpoint import LoadedEncoder
from services.encoder.engine import EncoderEngine
from services.encoder.stepper import EncoderStepper, Work
from services.runtime.batching import BatchQueue
from serving.telemetry import Telemetry


@asynccontextmanager
async def encoder_engine(
    loaded: LoadedEncoder, *, tokens_per_step: int = 2048, max_items: int = 64
) -> AsyncIterator[tuple[EncoderEngine, BatchQueue[Work]]]:
    """An engine that keeps nothing, and its queue."""
    stepper = EncoderStepper(loaded.model, tokens_per_step=tokens_per_step, max_items=max_items)
    async with BatchQueue("encoder", stepper, Telemetry.off(), max_queued_items=64, max_queued_cost=1e9) as queue:
        yield EncoderEngine(loaded.model.null_condition, loaded.tokenizer, queue), queue
