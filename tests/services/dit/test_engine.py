"""The engine around the sampler: what the network is given, what is counted, and how an item stops."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

import pytest
import torch
from torch import nn

from quartet.errors import DeadlineError, InternalError, OverloadedError
from services.dit.engine import MIN_NETWORK_FRAMES, DitEngine, Sampled, SampleItem, StepDone
from services.dit.plan import GUIDED_DEFAULTS, TURBO_DEFAULTS, SamplingOptions
from services.runtime.compute import ComputeQueue, Finished, Ticket
from services.runtime.noise import Purpose, gaussian
from serving.telemetry import Telemetry
from tests.services.dit.tiny import CHANNELS, CONDITION_WIDTH, TINY, normal, transformer

SILENCE = normal(0, 300, CHANNELS)
CONDITION, NULL = normal(1, 9, CONDITION_WIDTH), normal(2, 1, CONDITION_WIDTH)
MODEL = transformer(TINY)


@pytest.fixture
async def queue() -> AsyncIterator[ComputeQueue]:
    async with ComputeQueue("dit", Telemetry.off(), max_queued_items=4, max_queued_cost=1e9) as queue:
        yield queue


@pytest.fixture
def turbo(queue: ComputeQueue) -> DitEngine:
    return DitEngine(MODEL, SILENCE, TURBO_DEFAULTS, queue)


@pytest.fixture
def base(queue: ComputeQueue) -> DitEngine:
    return DitEngine(MODEL, SILENCE, GUIDED_DEFAULTS, queue)


def item(frames: int = 130, **fields: Any) -> SampleItem:
    return SampleItem(CONDITION, NULL, frames, **fields)


async def sampled(engine: DitEngine, what: SampleItem) -> torch.Tensor:
    *_, last = [event async for event in engine.sample(what, None)]
    assert isinstance(last, Finished)
    assert isinstance(last.result, Sampled)
    return last.result.latents


class Watched:
    """Sees every evaluation of the shared model while entered; `on_evaluation` gets its number, from 1."""

    def __init__(self, on_evaluation: Callable[[int], object] = lambda number: None) -> None:
        self.latents: list[torch.Tensor] = []
        self.contexts: list[torch.Tensor] = []
        self._on_evaluation = on_evaluation
        self._hook = MODEL.register_forward_pre_hook(self._note)

    def _note(self, model: nn.Module, arguments: tuple[torch.Tensor, ...]) -> None:
        self.latents.append(arguments[0])
        self.contexts.append(arguments[1])
        self._on_evaluation(len(self.latents))

    def __enter__(self) -> Watched:
        return self

    def __exit__(self, *_: object) -> None:
        self._hook.remove()


@pytest.mark.parametrize("frames", [1, 40, 127, 128, 131])
async def test_short_items_are_filled_with_free_silence(turbo: DitEngine, frames: int) -> None:
    source, mask = normal(3, frames, CHANNELS), torch.arange(frames) % 2 == 0
    with Watched() as watched:
        latents = await sampled(turbo, item(frames, source=source, mask=mask, seed=5))
    length = max(frames, MIN_NETWORK_FRAMES)
    context = watched.contexts[0][0]
    assert context.shape == (length, 2 * CHANNELS)
    assert torch.equal(context[:, :CHANNELS], torch.cat((source, SILENCE[: length - frames])))
    free = torch.cat((mask.float(), torch.ones(length - frames)))
    assert torch.equal(context[:, CHANNELS:], free[:, None].expand(length, CHANNELS))
    assert torch.equal(watched.latents[0][0], gaussian(5, Purpose.INITIAL, (length, CHANNELS)))
    assert latents.shape == (frames, CHANNELS)


async def test_without_a_source_the_context_is_silence_that_may_be_written(turbo: DitEngine) -> None:
    with Watched() as watched:
        await sampled(turbo, item(140))
    assert torch.equal(watched.contexts[0][0], torch.cat((SILENCE[:140], torch.ones(140, CHANNELS)), dim=1))


@pytest.mark.parametrize("frames", [1, 60, 127])
async def test_a_short_item_is_the_beginning_of_a_longer_one(turbo: DitEngine, frames: int) -> None:
    assert torch.equal(await sampled(turbo, item(frames)), (await sampled(turbo, item(128)))[:frames])


async def test_noise_of_the_caller_is_filled_with_seeded_noise(turbo: DitEngine) -> None:
    noise = normal(4, 100, CHANNELS)
    with Watched() as watched:
        await sampled(turbo, item(100, noise=noise, seed=5))
    assert torch.equal(watched.latents[0][0, :100], noise)
    assert torch.equal(watched.latents[0][0, 100:], gaussian(5, Purpose.INITIAL, (128, CHANNELS))[100:])


@pytest.mark.parametrize("stochastic", [False, True])
async def test_items_do_not_depend_on_what_ran_before(base: DitEngine, stochastic: bool) -> None:
    options = SamplingOptions(steps=3, stochastic=stochastic)
    alone = await sampled(base, item(seed=1, options=options))
    await sampled(base, item(140, seed=2))
    assert torch.equal(await sampled(base, item(seed=1, options=options)), alone)
    assert not torch.equal(await sampled(base, item(seed=3, options=options)), alone)


@pytest.mark.parametrize(
    ("options", "evaluations"),
    [
        (SamplingOptions(steps=4, guidance_scale=1.0), 4),
        (SamplingOptions(steps=4), 8),
        (SamplingOptions(steps=4, guidance_interval=(0.5, 0.8)), 6),
    ],
    ids=["unguided", "guided", "guided on an interval"],
)
async def test_every_evaluation_is_counted(
    base: DitEngine, queue: ComputeQueue, options: SamplingOptions, evaluations: int
) -> None:
    with Watched() as watched:
        await sampled(base, item(options=options))
    assert queue.steps_computed == len(watched.latents) == evaluations == base.plan(options).evaluations


async def test_guided_items_cost_twice_as_much_to_wait() -> None:
    """A guided item of 4 steps and 130 frames costs 1040; another of 520 is one too many for a bound of 1500."""
    started, resume = threading.Event(), threading.Event()

    def block(ticket: Ticket) -> None:
        started.set()
        resume.wait(10)

    guided, plain = SamplingOptions(steps=4), SamplingOptions(steps=4, guidance_scale=1.0)
    async with (
        ComputeQueue("dit", Telemetry.off(), max_queued_items=4, max_queued_cost=1500) as queue,
        asyncio.TaskGroup() as group,
    ):
        engine = DitEngine(MODEL, SILENCE, GUIDED_DEFAULTS, queue)
        group.create_task(queue.run(block, cost=1, seconds_left=None))
        await asyncio.to_thread(started.wait, 10)
        group.create_task(sampled(engine, item(options=guided)))
        while not queue.load.queued_items:
            await asyncio.sleep(0)
        with pytest.raises(OverloadedError):
            await sampled(engine, item(options=plain))
        resume.set()


async def test_a_null_token_is_as_good_as_many(base: DitEngine) -> None:
    options = SamplingOptions(steps=4)
    one = await sampled(base, item(options=options))
    many = await sampled(base, SampleItem(CONDITION, NULL.expand(9, -1), 130, options=options))
    torch.testing.assert_close(one, many, rtol=1e-4, atol=1e-4)


async def test_previews_come_with_their_steps(turbo: DitEngine) -> None:
    events = [event async for event in turbo.sample(item(40, preview_every_steps=3), None)]
    steps = [event for event in events if isinstance(event, StepDone)]
    assert [(step.step, step.steps) for step in steps] == [(number, 8) for number in range(1, 9)]
    shown = {step.step: step.preview.shape for step in steps if step.preview is not None}
    assert shown == {3: (40, CHANNELS), 6: (40, CHANNELS)}


async def test_an_abandoned_item_stops_before_its_next_step(turbo: DitEngine, queue: ComputeQueue) -> None:
    """The caller leaves during evaluation 3 of 8: it is the last."""
    reached, left = threading.Event(), threading.Event()

    def wait_in_third(number: int) -> None:
        if number == 3:
            reached.set()
            left.wait(10)

    with Watched(wait_in_third) as watched:
        async with aclosing(turbo.sample(item(), None)) as events:
            async for event in events:
                if isinstance(event, StepDone) and event.step == 2:
                    assert await asyncio.to_thread(reached.wait, 10)
                    break
        left.set()
        await queue.run(lambda ticket: None, cost=1, seconds_left=None)
    assert len(watched.latents) == queue.steps_computed == 3


async def test_a_deadline_that_passes_stops_the_item_before_its_next_step(
    turbo: DitEngine, queue: ComputeQueue
) -> None:
    never = threading.Event()
    with Watched(lambda number: never.wait(0.2)), pytest.raises(DeadlineError, match="during compute"):
        async for _ in turbo.sample(item(), 0.1):
            pass
    assert queue.steps_computed == 1


async def test_latents_that_are_not_finite_are_an_error_and_the_next_item_is_served(turbo: DitEngine) -> None:
    with pytest.raises(InternalError) as failed:
        await sampled(turbo, item(noise=torch.full((130, CHANNELS), 3e38)))
    assert failed.value.reason == "NON_FINITE_LATENTS"
    assert (await sampled(turbo, item())).isfinite().all()
