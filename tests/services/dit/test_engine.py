"""The engine around the sampler: what the network is given, what is counted, and how an item stops."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import Any, NamedTuple

import pytest
import torch
from torch import nn

from quartet.errors import DeadlineError, InternalError, OverloadedError
from services.dit.engine import DitEngine
from services.dit.guidance import GuidanceMode
from services.dit.items import MIN_NETWORK_FRAMES, Sampled, SampleItem, StepDone, Work
from services.dit.model import Branch
from services.dit.plan import GUIDED_DEFAULTS, TURBO_DEFAULTS, SamplerMethod, SamplingOptions
from services.dit.wavelet import Wavelet, WaveletCorrection, WaveletMode
from services.runtime.batching import BatchQueue
from services.runtime.items import Finished
from services.runtime.noise import Purpose, gaussian
from tests.parity.tolerance import relative_error
from tests.services.dit.tiny import CHANNELS, CONDITION_WIDTH, TINY, dit_engine, normal, transformer
from tests.support.waiting import until

SILENCE = normal(0, 300, CHANNELS)
CONDITION, NULL = normal(1, 9, CONDITION_WIDTH), normal(2, 1, CONDITION_WIDTH)
MODEL = transformer(TINY)


class Stage(NamedTuple):
    engine: DitEngine
    queue: BatchQueue[Work]


@pytest.fixture
async def turbo() -> AsyncIterator[Stage]:
    async with dit_engine(MODEL, SILENCE, TURBO_DEFAULTS) as stage:
        yield Stage(*stage)


@pytest.fixture
async def base() -> AsyncIterator[Stage]:
    async with dit_engine(MODEL, SILENCE, GUIDED_DEFAULTS) as stage:
        yield Stage(*stage)


def item(frames: int = 130, **fields: Any) -> SampleItem:
    return SampleItem(CONDITION, NULL, frames, **fields)


async def sampled(stage: Stage, what: SampleItem) -> torch.Tensor:
    *_, last = [event async for event in stage.engine.sample(what, None)]
    assert isinstance(last, Finished)
    assert isinstance(last.result, Sampled)
    return last.result.latents


class Watched:
    """Sees every forward pass of the shared model while entered; `on_pass` gets its number, from 1."""

    def __init__(self, on_pass: Callable[[int], object] = lambda number: None) -> None:
        self.passes: list[list[Branch]] = []
        self._on_pass = on_pass
        self._hook = MODEL.register_forward_pre_hook(self._note)

    def _note(self, model: nn.Module, arguments: tuple[list[Branch], ...]) -> None:
        self.passes.append(arguments[0])
        self._on_pass(len(self.passes))

    def __enter__(self) -> Watched:
        return self

    def __exit__(self, *_: object) -> None:
        self._hook.remove()


@pytest.mark.parametrize("frames", [1, 40, 127, 128, 131])
async def test_short_items_are_filled_with_free_silence(turbo: Stage, frames: int) -> None:
    source, mask = normal(3, frames, CHANNELS), torch.arange(frames) % 2 == 0
    with Watched() as watched:
        latents = await sampled(turbo, item(frames, source=source, mask=mask, seed=5))
    length = max(frames, MIN_NETWORK_FRAMES)
    context = watched.passes[0][0].context
    assert context.shape == (length, 2 * CHANNELS)
    assert torch.equal(context[:, :CHANNELS], torch.cat((source, SILENCE[: length - frames])))
    free = torch.cat((mask.float(), torch.ones(length - frames)))
    assert torch.equal(context[:, CHANNELS:], free[:, None].expand(length, CHANNELS))
    assert torch.equal(watched.passes[0][0].latents, gaussian(5, Purpose.INITIAL, (length, CHANNELS)))
    assert latents.shape == (frames, CHANNELS)


async def test_without_a_source_the_context_is_silence_that_may_be_written(turbo: Stage) -> None:
    with Watched() as watched:
        await sampled(turbo, item(140))
    assert torch.equal(watched.passes[0][0].context, torch.cat((SILENCE[:140], torch.ones(140, CHANNELS)), dim=1))


async def test_silenced_frames_of_a_source_are_heard_as_silence(turbo: Stage) -> None:
    source, silenced = normal(3, 90, CHANNELS), torch.arange(100) % 3 == 0
    with Watched() as watched:
        await sampled(turbo, item(100, source=source, silenced=silenced))
    heard = watched.passes[0][0].context[:100, :CHANNELS]
    given = torch.cat((source, SILENCE[:10]))
    assert torch.equal(heard, torch.where(silenced[:, None], SILENCE[:100], given))


@pytest.mark.parametrize("frames", [1, 60, 127])
async def test_a_short_item_is_the_beginning_of_a_longer_one(turbo: Stage, frames: int) -> None:
    assert torch.equal(await sampled(turbo, item(frames)), (await sampled(turbo, item(128)))[:frames])


async def test_noise_of_the_caller_is_filled_with_seeded_noise(turbo: Stage) -> None:
    noise = normal(4, 100, CHANNELS)
    with Watched() as watched:
        await sampled(turbo, item(100, noise=noise, seed=5))
    latents = watched.passes[0][0].latents
    assert torch.equal(latents[:100], noise)
    assert torch.equal(latents[100:], gaussian(5, Purpose.INITIAL, (128, CHANNELS))[100:])


@pytest.mark.parametrize("method", SamplerMethod)
async def test_items_do_not_depend_on_what_ran_before(base: Stage, method: SamplerMethod) -> None:
    options = SamplingOptions(steps=3, method=method)
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
        (SamplingOptions(steps=4, guidance_scale=1.0, method=SamplerMethod.HEUN), 8),
        (SamplingOptions(steps=4, method=SamplerMethod.HEUN), 16),
        (SamplingOptions(steps=4, guidance_interval=(0.5, 0.8), method=SamplerMethod.HEUN), 12),
    ],
    ids=["unguided", "guided", "guided on an interval", "heun", "guided heun", "heun guided on an interval"],
)
async def test_every_evaluation_is_counted(base: Stage, options: SamplingOptions, evaluations: int) -> None:
    with Watched() as watched:
        await sampled(base, item(options=options))
    branches = sum(len(branches) for branches in watched.passes)
    assert base.queue.steps_computed == branches == evaluations == base.engine.plan(item(options=options)).evaluations
    assert len(watched.passes) == (8 if options.method is SamplerMethod.HEUN else 4)


async def test_guided_items_cost_twice_as_much_to_wait() -> None:
    """A guided item of 4 steps and 130 frames costs 1040; another of 520 is one too many for a bound of 1500."""
    started, resume = threading.Event(), threading.Event()

    def block(number: int) -> None:
        started.set()
        resume.wait(10)

    guided, plain = SamplingOptions(steps=4), SamplingOptions(steps=4, guidance_scale=1.0)
    async with dit_engine(MODEL, SILENCE, GUIDED_DEFAULTS, max_items=1, max_queued_cost=1500) as both:
        stage = Stage(*both)
        with Watched(block):
            async with asyncio.TaskGroup() as group:
                group.create_task(sampled(stage, item()))
                await asyncio.to_thread(started.wait, 10)
                group.create_task(sampled(stage, item(options=guided)))
                await until(lambda: stage.queue.load.queued_items)
                with pytest.raises(OverloadedError):
                    await sampled(stage, item(options=plain))
                resume.set()


async def test_a_null_token_is_as_good_as_many(base: Stage) -> None:
    options = SamplingOptions(steps=4)
    one = await sampled(base, item(options=options))
    many = await sampled(base, SampleItem(CONDITION, NULL.expand(9, -1), 130, options=options))
    torch.testing.assert_close(one, many, rtol=1e-4, atol=1e-4)


async def test_previews_come_with_their_steps(turbo: Stage) -> None:
    events = [event async for event in turbo.engine.sample(item(40, preview_every_steps=3), None)]
    steps = [event for event in events if isinstance(event, StepDone)]
    assert [(step.step, step.steps) for step in steps] == [(number, 8) for number in range(1, 9)]
    shown = {step.step: step.preview.shape for step in steps if step.preview is not None}
    assert shown == {3: (40, CHANNELS), 6: (40, CHANNELS)}


async def test_an_abandoned_item_stops_before_its_next_step(turbo: Stage) -> None:
    """The caller leaves during step 3 of 8: it is the last."""
    reached, left = threading.Event(), threading.Event()

    def wait_in_third(number: int) -> None:
        if number == 3:
            reached.set()
            left.wait(10)

    with Watched(wait_in_third) as watched:
        async with aclosing(turbo.engine.sample(item(), None)) as events:
            async for event in events:
                if isinstance(event, StepDone) and event.step == 2:
                    assert await asyncio.to_thread(reached.wait, 10)
                    break
        left.set()
        await until(lambda: not turbo.queue.load.running_items)
    assert len(watched.passes) == turbo.queue.steps_computed == 3


@pytest.mark.parametrize("method", SamplerMethod)
async def test_what_was_cancelled_comes_out_the_same_when_it_is_asked_again(base: Stage, method: SamplerMethod) -> None:
    """The first call leaves in the middle, beside an item that goes on; of Heun's steps the second is half done."""
    options = SamplingOptions(steps=4, method=method, velocity_ema=0.2)
    expected = await sampled(base, item(seed=9, options=options))
    reached, left = threading.Event(), threading.Event()

    def wait_in_third(number: int) -> None:
        if number == 3:
            reached.set()
            left.wait(10)

    with Watched(wait_in_third):
        other = asyncio.create_task(sampled(base, item(200, seed=8, options=SamplingOptions(steps=12))))
        async with aclosing(base.engine.sample(item(seed=9, options=options), None)) as events:
            async for _ in events:
                assert await asyncio.to_thread(reached.wait, 10)
                break
        left.set()
        again = await sampled(base, item(seed=9, options=options))
        await other
    assert relative_error(again, expected) <= 1e-5


async def test_progress_counts_steps_whatever_they_ask(base: Stage) -> None:
    heun = SamplingOptions(steps=3, method=SamplerMethod.HEUN)
    events = [event async for event in base.engine.sample(item(40, options=heun, preview_every_steps=1), None)]
    steps = [event for event in events if isinstance(event, StepDone)]
    assert [(step.step, step.steps) for step in steps] == [(1, 3), (2, 3), (3, 3)]
    assert all(step.preview is not None for step in steps)


async def test_a_heun_item_shares_its_passes_with_one_of_single_evaluations(turbo: Stage) -> None:
    """Both start together: 3 evaluations of Heun's 2 steps on turbo lie beside the first 3 of the other's 6."""
    heun = item(seed=1, options=SamplingOptions(steps=2, method=SamplerMethod.HEUN))
    euler = item(seed=2, options=SamplingOptions(steps=6))
    alone = [await sampled(turbo, what) for what in (heun, euler)]
    reached, both = threading.Event(), threading.Event()

    def wait_in_first(number: int) -> None:
        if number == 1:
            reached.set()
            both.wait(10)

    with Watched(wait_in_first) as watched:
        async with asyncio.TaskGroup() as group:
            first = group.create_task(sampled(turbo, item(seed=3, options=SamplingOptions(steps=1))))
            await asyncio.to_thread(reached.wait, 10)
            tasks = [group.create_task(sampled(turbo, what)) for what in (heun, euler)]
            await until(lambda: turbo.queue.load.queued_items >= 2)
            both.set()
    assert first.done()
    assert [len(branches) for branches in watched.passes] == [1, 2, 2, 2, 1, 1, 1]
    for task, expected in zip(tasks, alone, strict=True):
        assert relative_error(task.result(), expected) <= 1e-5


async def test_a_deadline_that_passes_stops_the_item_before_its_next_step(turbo: Stage) -> None:
    never = threading.Event()
    with Watched(lambda number: never.wait(0.2)), pytest.raises(DeadlineError, match="during compute"):
        async for _ in turbo.engine.sample(item(), 0.1):
            pass
    assert turbo.queue.steps_computed == 1


async def test_latents_that_are_not_finite_are_an_error_and_the_next_item_is_served(turbo: Stage) -> None:
    with pytest.raises(InternalError) as failed:
        await sampled(turbo, item(noise=torch.full((130, CHANNELS), 3e38)))
    assert failed.value.reason == "NON_FINITE_LATENTS"
    assert (await sampled(turbo, item())).isfinite().all()


MIXED = (
    item(40, seed=1),
    item(130, seed=2, options=SamplingOptions(steps=3)),
    SampleItem(
        normal(7, 4, CONDITION_WIDTH), NULL, 260, seed=3, options=SamplingOptions(steps=5, method=SamplerMethod.SDE)
    ),
    item(200, seed=4, options=SamplingOptions(timesteps=(0.9, 0.4), guidance_scale=1.0)),
    item(131, seed=5, options=SamplingOptions(steps=6, guidance_interval=(0.3, 0.8))),
    item(150, seed=6, options=SamplingOptions(steps=4, method=SamplerMethod.HEUN, velocity_clamp=0.8)),
    item(
        129,
        seed=7,
        options=SamplingOptions(
            steps=5,
            shift=3.0,
            method=SamplerMethod.PING_PONG,
            guidance_mode=GuidanceMode.ADG,
            velocity_ema=0.3,
            wavelet_correction=WaveletCorrection(0.3, 0.2, WaveletMode.DOUBLE, Wavelet.SYM8),
        ),
    ),
)


async def test_items_of_all_kinds_share_steps_and_do_not_depend_on_each_other(base: Stage) -> None:
    alone = [await sampled(base, what) for what in MIXED]
    with Watched() as watched:
        together = await asyncio.gather(*(sampled(base, what) for what in MIXED))
    assert max(len(branches) for branches in watched.passes) > 6
    for one, other in zip(alone, together, strict=True):
        assert relative_error(other, one) <= 1e-5


async def test_in_deterministic_mode_not_even_low_bits_depend_on_others(base: Stage) -> None:
    alone = [await sampled(base, what) for what in MIXED]
    async with dit_engine(MODEL, SILENCE, GUIDED_DEFAULTS, deterministic=True) as both:
        with Watched() as watched:
            together = await asyncio.gather(*(sampled(Stage(*both), what) for what in MIXED))
    assert max(len(branches) for branches in watched.passes) == 2
    assert all(torch.equal(one, other) for one, other in zip(alone, together, strict=True))


async def test_an_item_joins_and_leaves_while_another_is_at_its_steps(turbo: Stage) -> None:
    """The short item comes during the first step of the long one, and is through before the long one's second."""
    reached, resume = threading.Event(), threading.Event()

    def wait_in_first(number: int) -> None:
        if number == 1:
            reached.set()
            resume.wait(10)

    long = item(300, options=SamplingOptions(steps=20))
    ended = []
    with Watched(wait_in_first) as watched:

        async def run(name: str, what: SampleItem) -> None:
            await sampled(turbo, what)
            ended.append(name)

        async with asyncio.TaskGroup() as group:
            group.create_task(run("long", long))
            await asyncio.to_thread(reached.wait, 10)
            group.create_task(run("short", item(40)))
            await until(lambda: turbo.queue.load.queued_items)
            resume.set()
    assert ended == ["short", "long"]
    assert [len(branches) for branches in watched.passes[:3]] == [1, 2, 2]


async def test_the_null_condition_is_computed_once_for_all_items(base: Stage) -> None:
    with Watched() as watched:
        await asyncio.gather(*(sampled(base, item(seed=seed, options=SamplingOptions(steps=2))) for seed in range(3)))
    nulls = {id(branches[1].condition) for branches in watched.passes}
    assert len(nulls) == 1
