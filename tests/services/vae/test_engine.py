"""Items share the codec window by window; none depends on the others, and none waits for a slow caller."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
import torch

from quartet.errors import DeadlineError
from services.runtime.items import Finished
from services.vae import checkpoint
from services.vae.codec import WindowedCodec
from services.vae.engine import VaeEngine
from services.vae.stepper import UNREAD_RUNS, DecodeItem, EncodeItem, PcmRun
from tests.parity.tolerance import relative_error
from tests.services.vae.engines import vae_engine

CPU: dict[str, Any] = {"dtype": torch.float32, "device": torch.device("cpu")}
LENGTHS = (10, 40, 41, 95, 200)
FEW_LENGTHS = (10, 41, 95)  # for bfloat16, which is slow on CPUs that have no instructions for it


@pytest.fixture(scope="module")
def codec(tiny_models: Path) -> WindowedCodec:
    return WindowedCodec(checkpoint.load(tiny_models, **CPU).model, 40, **CPU)


@pytest.fixture
async def engine(codec: WindowedCodec) -> AsyncIterator[VaeEngine]:
    async with vae_engine(codec) as (engine, _):
        yield engine


def latents(frames: int) -> torch.Tensor:
    return torch.randn(frames, 8, generator=torch.Generator().manual_seed(frames))


def pcm(frames: int) -> torch.Tensor:
    return torch.randn(frames * 1920, 2, generator=torch.Generator().manual_seed(frames))


async def decoded(engine: VaeEngine, frames: int) -> torch.Tensor:
    runs = [event async for event in engine.decode(DecodeItem(latents(frames)), None) if isinstance(event, PcmRun)]
    assert [run.first_sample for run in runs] == [
        sum(len(earlier.pcm) for earlier in runs[:n]) for n in range(len(runs))
    ]
    return torch.cat([run.pcm for run in runs])


async def encoded(engine: VaeEngine, frames: int) -> torch.Tensor:
    return (await engine.encode(EncodeItem(pcm(frames), posterior_seed=frames), None)).result


@pytest.mark.parametrize(("windows_per_step", "tolerance"), [(1, 0.0), (4, 1e-6)])
async def test_items_among_others_are_as_alone(
    codec: WindowedCodec, engine: VaeEngine, windows_per_step: int, tolerance: float
) -> None:
    alone = [await decoded(engine, frames) for frames in LENGTHS] + [
        await encoded(engine, frames) for frames in LENGTHS
    ]
    async with vae_engine(codec, windows_per_step=windows_per_step) as (shared, _):
        work = [decoded(shared, frames) for frames in LENGTHS] + [encoded(shared, frames) for frames in LENGTHS]
        together = await asyncio.gather(*work)
    for one, other in zip(alone, together, strict=True):
        assert relative_error(other, one) <= tolerance


async def test_in_bfloat16_items_among_others_are_nearly_as_alone(tiny_models: Path) -> None:
    """The tolerance of docs/vae.md: what bfloat16 itself rounds."""
    rough = {**CPU, "dtype": torch.bfloat16}
    codec = WindowedCodec(checkpoint.load(tiny_models, **rough).model, 40, **rough)
    async with vae_engine(codec, windows_per_step=1) as (single, _), vae_engine(codec, windows_per_step=4) as (both, _):
        alone = [await decoded(single, frames) for frames in FEW_LENGTHS]
        together = await asyncio.gather(*(decoded(both, frames) for frames in FEW_LENGTHS))
    for one, other in zip(alone, together, strict=True):
        assert relative_error(other.float(), one.float()) <= 1e-2


async def test_windows_of_a_step_are_computed_together(codec: WindowedCodec) -> None:
    async with vae_engine(codec, windows_per_step=4) as (engine, _):
        finished = await asyncio.gather(
            *(engine.encode(EncodeItem(pcm(40), posterior_seed=number), None) for number in range(4))
        )
    assert max(item.batch_size for item in finished) > 1


async def test_a_caller_who_is_behind_stops_its_own_item_alone(codec: WindowedCodec) -> None:
    """Of 13 windows only so many are computed as may wait for the caller; another item passes."""
    async with vae_engine(codec) as (engine, queue):
        async with aclosing(engine.decode(DecodeItem(latents(200)), None)) as slow:
            first = await anext(slow)
            assert isinstance(first, PcmRun)
            await decoded(engine, 95)
            windows = len(codec.windows(95))
            assert queue.steps_computed <= windows + UNREAD_RUNS
            rest = [event async for event in slow]
        assert isinstance(rest[-1], Finished)
        assert queue.steps_computed == windows + len(codec.windows(200))


async def test_a_caller_who_leaves_while_behind_frees_its_place(codec: WindowedCodec) -> None:
    async with vae_engine(codec, max_items=1) as (engine, _):
        async with aclosing(engine.decode(DecodeItem(latents(200)), None)) as slow:
            await anext(slow)
            waiting = asyncio.create_task(decoded(engine, 40))
            await asyncio.sleep(0)
            assert not waiting.done()
        assert len(await waiting) == 40 * 1920


async def test_a_deadline_passes_while_the_caller_is_behind(codec: WindowedCodec) -> None:
    async with vae_engine(codec, max_items=1) as (engine, _):
        slow = engine.decode(DecodeItem(latents(200)), 2.0)
        await anext(slow)
        await decoded(engine, 40)
        with pytest.raises(DeadlineError):
            async for _ in slow:
                pass
