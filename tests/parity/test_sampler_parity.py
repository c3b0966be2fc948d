"""Sampled latents equal a loop that is written out here around diffusers' transformer, in float32.

Our side is the engine, item by item; the loop takes a batch at once. What diffusers' own pipeline does differently from
the official app is named by the tests: it has no stochastic steps, no Heun steps, no angle guidance, no clamp or moving
average of velocities and no wavelet correction, and its guidance interval is of 1 - t.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import AceStepPipeline
from diffusers.guiders.adaptive_projected_guidance import MomentumBuffer, normalized_guidance

from services.dit import schedule
from services.dit.guidance import GuidanceMode
from services.dit.items import SampleItem
from services.dit.plan import GUIDED_DEFAULTS, TURBO_DEFAULTS, SamplerMethod, SamplingDefaults, SamplingOptions
from services.dit.wavelet import WaveletCorrection
from services.runtime.items import Finished
from services.runtime.noise import Purpose, gaussian
from tests.parity.tolerance import relative_error
from tests.parity.transformer_pair import SILENCE, Pair, transformer_pair
from tests.services.dit.tiny import CHANNELS, CONDITION_WIDTH, TINY, XL, dit_engine, normal

NULL = normal(50, 1, CONDITION_WIDTH)
TURBO_LEVELS = {
    1.0: (1.0, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125),
    2.0: (1.0, 14 / 15, 6 / 7, 10 / 13, 2 / 3, 6 / 11, 0.4, 2 / 9),
    3.0: (1.0, 21 / 22, 0.9, 5 / 6, 0.75, 9 / 14, 0.5, 0.3),
}

# From (velocity, null velocity, latents, t) to the guided velocity.
Guide = Callable[[torch.Tensor, torch.Tensor, torch.Tensor, float], torch.Tensor]
# From (step, latents, velocity, t, next t) to the next latents.
Step = Callable[[int, torch.Tensor, torch.Tensor, float, float], torch.Tensor]
# From latents and t to the velocities under the condition and under the null condition.
Velocities = Callable[[torch.Tensor, float], tuple[torch.Tensor, torch.Tensor]]
# From (velocity, latents after an Euler step, their t, velocities) to the velocity that is taken.
Second = Callable[[torch.Tensor, torch.Tensor, float, Velocities], torch.Tensor]


@pytest.fixture(params=[TINY, XL], ids=["2b", "xl"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Pair:
    return transformer_pair(request.param, tmp_path)


def items(count: int, frames: int, options: SamplingOptions) -> list[SampleItem]:
    """Items that differ in seed, condition, source and mask, of one length."""
    return [
        SampleItem(
            condition=normal(10 + index, 9, CONDITION_WIDTH),
            null_condition=NULL,
            frames=frames,
            source=normal(20 + index, frames, CHANNELS),
            mask=torch.arange(frames) % (index + 2) == 0,
            seed=30 + index,
            options=options,
        )
        for index in range(count)
    ]


async def ours(pair: Pair, defaults: SamplingDefaults, item: SampleItem) -> torch.Tensor:
    async with dit_engine(pair.ours, SILENCE, defaults) as (engine, _):
        async for event in engine.sample(item, None):
            if isinstance(event, Finished):
                latents: torch.Tensor = event.result.latents
                return latents
    raise AssertionError("no latents")


def euler(step: int, x: torch.Tensor, v: torch.Tensor, t: float, t_next: float) -> torch.Tensor:
    return x + (t_next - t) * v


@torch.inference_mode()
def reference(
    pair: Pair,
    batch: Sequence[SampleItem],
    levels: Sequence[float],
    *,
    step: Step = euler,
    guide: Guide | None = None,
    second: Second | None = None,
) -> torch.Tensor:
    """Latents [batch, frames, channels]; the null condition is repeated over the length of the condition.

    `second` is what a second velocity at the end of an Euler step makes of the first one.
    """
    frames = batch[0].frames
    length = max(frames, 128)
    fill = length - frames
    x = torch.stack([gaussian(item.seed, Purpose.INITIAL, (length, CHANNELS)) for item in batch])
    contexts = []
    for item in batch:
        assert item.source is not None
        assert item.mask is not None
        mask = torch.cat((item.mask, torch.ones(fill, dtype=torch.bool))).float()
        contexts.append(torch.cat((torch.cat((item.source, SILENCE[:fill])), mask[:, None].repeat(1, CHANNELS)), -1))
    context, condition = torch.stack(contexts), torch.stack([item.condition for item in batch])

    def velocity(x: torch.Tensor, condition: torch.Tensor, t: float) -> torch.Tensor:
        time = torch.full((len(batch),), t)
        predicted: torch.Tensor = pair.theirs(x, time, time, condition, context, return_dict=False)[0]
        return predicted

    def at(x: torch.Tensor, t: float) -> tuple[torch.Tensor, torch.Tensor]:
        return velocity(x, condition, t), velocity(x, NULL.expand_as(condition), t)

    for index, (t, t_next) in enumerate(zip(levels, [*levels[1:], 0.0], strict=True)):
        v = velocity(x, condition, t)
        if guide is not None:
            v = guide(v, velocity(x, NULL.expand_as(condition), t), x, t)
        if second is not None:
            v = second(v, euler(index, x, v, t, t_next), t_next, at)
        x = step(index, x, v, t, t_next)
    return x[:, :frames]


async def assert_equal(
    pair: Pair,
    defaults: SamplingDefaults,
    batch: Sequence[SampleItem],
    expected: torch.Tensor,
) -> None:
    for index, item in enumerate(batch):
        assert relative_error(await ours(pair, defaults, item), expected[index]) <= 1e-3


@pytest.mark.parametrize("shift", TURBO_LEVELS)
@pytest.mark.parametrize(("count", "frames"), [(1, 130), (2, 131), (3, 40)])
async def test_turbo(pair: Pair, shift: float, count: int, frames: int) -> None:
    """Eight steps; 40 frames are filled up to 128 with silence that may be written, and cut."""
    batch = items(count, frames, SamplingOptions(shift=shift))
    await assert_equal(pair, TURBO_DEFAULTS, batch, reference(pair, batch, TURBO_LEVELS[shift]))


async def test_custom_timesteps(pair: Pair) -> None:
    levels = (0.95, 0.8, 0.31, 0.1)
    batch = items(2, 130, SamplingOptions(timesteps=levels))
    await assert_equal(pair, TURBO_DEFAULTS, batch, reference(pair, batch, levels))


def projected(scale: float, interval: tuple[float, float] = (0.0, 1.0)) -> Guide:
    """diffusers' APG with the constants of the official app."""
    momentum = MomentumBuffer(-0.75)

    def guide(v: torch.Tensor, null: torch.Tensor, x: torch.Tensor, t: float) -> torch.Tensor:
        if not interval[0] <= t <= interval[1]:
            return v
        guided: torch.Tensor = normalized_guidance(
            v, null, scale - 1, momentum, eta=0.0, norm_threshold=2.5, use_original_formulation=True, norm_dim=(1,)
        )
        return guided

    return guide


@pytest.mark.parametrize(("count", "frames"), [(1, 131), (3, 130), (2, 60)])
async def test_base_with_projected_guidance(pair: Pair, count: int, frames: int) -> None:
    batch = items(count, frames, SamplingOptions(steps=8))
    expected = reference(pair, batch, TURBO_LEVELS[1.0], guide=projected(7.0))
    await assert_equal(pair, GUIDED_DEFAULTS, batch, expected)


@pytest.mark.parametrize("interval", [(0.5, 1.0), (0.3, 0.8)])
async def test_the_guidance_interval_is_of_t_as_in_the_official_app(pair: Pair, interval: tuple[float, float]) -> None:
    """diffusers tests 1 - t. Momentum rests outside the interval."""
    batch = items(2, 130, SamplingOptions(steps=8, guidance_scale=4.0, guidance_interval=interval))
    expected = reference(pair, batch, TURBO_LEVELS[1.0], guide=projected(4.0, interval))
    await assert_equal(pair, GUIDED_DEFAULTS, batch, expected)


async def test_base_with_classifier_free_guidance(pair: Pair) -> None:
    batch = items(2, 130, SamplingOptions(steps=8, guidance_scale=3.0, guidance_mode=GuidanceMode.CFG))
    expected = reference(pair, batch, TURBO_LEVELS[1.0], guide=lambda v, null, x, t: null + 3.0 * (v - null))
    await assert_equal(pair, GUIDED_DEFAULTS, batch, expected)


def turned(scale: float) -> Guide:
    """Angle guidance, frame by frame in float64."""

    def frame(v: np.ndarray, null: np.ndarray, x: np.ndarray, t: float) -> np.ndarray:
        a, b = x - t * v, x - t * null
        cosine = a @ b / (np.linalg.norm(a) * np.linalg.norm(b))
        angle = np.arccos(np.clip(cosine, -1 + 1e-6, 1 - 1e-6))
        weight = scale - 1 + 1e-3
        new = min(weight * angle, 3.14 / 6)
        across = (a - b) - ((a - b) @ b / (b @ b + 1e-8)) * b
        factor = np.sin(new) / np.sin(angle) if np.sin(angle) > 1e-3 else weight
        return np.asarray((x - (np.cos(new) * a + factor * across)) / t)

    def guide(v: torch.Tensor, null: torch.Tensor, x: torch.Tensor, t: float) -> torch.Tensor:
        rows = [part.double().reshape(-1, CHANNELS).numpy() for part in (v, null, x)]
        guided = [frame(v, null, x, t) for v, null, x in zip(*rows, strict=True)]
        return torch.from_numpy(np.stack(guided)).to(v.dtype).view_as(v)

    return guide


async def test_base_with_angle_guidance_which_diffusers_lacks(pair: Pair) -> None:
    batch = items(2, 130, SamplingOptions(steps=6, guidance_scale=3.0, guidance_mode=GuidanceMode.ADG))
    levels = [1 - index / 6 for index in range(6)]
    await assert_equal(pair, GUIDED_DEFAULTS, batch, reference(pair, batch, levels, guide=turned(3.0)))


def renoised(batch: Sequence[SampleItem], level_after: Callable[[int, float], float]) -> Step:
    """A stochastic step: to the clean estimate, and back to a level with the fresh noise of each item."""

    def step(index: int, x: torch.Tensor, v: torch.Tensor, t: float, t_next: float) -> torch.Tensor:
        level = level_after(index, t_next)
        fresh = [gaussian(item.seed, Purpose.SDE_STEP, tuple(x.shape[1:]), draw=index) for item in batch]
        return level * torch.stack(fresh) + (1 - level) * (x - t * v)

    return step


async def test_stochastic_turbo_which_diffusers_lacks(pair: Pair) -> None:
    batch = items(2, 131, SamplingOptions(method=SamplerMethod.SDE))
    step = renoised(batch, lambda index, t_next: t_next)
    await assert_equal(pair, TURBO_DEFAULTS, batch, reference(pair, batch, TURBO_LEVELS[3.0], step=step))


async def test_stochastic_base_renoises_without_the_shift_as_the_official_app(pair: Pair) -> None:
    batch = items(2, 130, SamplingOptions(steps=8, shift=3.0, method=SamplerMethod.SDE))
    step = renoised(batch, lambda index, t_next: 1 - (index + 1) / 8)
    expected = reference(pair, batch, TURBO_LEVELS[3.0], step=step, guide=projected(7.0))
    await assert_equal(pair, GUIDED_DEFAULTS, batch, expected)


@pytest.mark.parametrize("defaults", [TURBO_DEFAULTS, GUIDED_DEFAULTS], ids=["turbo", "base"])
async def test_ping_pong_renoises_to_the_next_level(pair: Pair, defaults: SamplingDefaults) -> None:
    options = SamplingOptions(steps=8, shift=3.0, method=SamplerMethod.PING_PONG, guidance_scale=1.0)
    batch = items(2, 130, options)
    step = renoised(batch, lambda index, t_next: t_next)
    await assert_equal(pair, defaults, batch, reference(pair, batch, TURBO_LEVELS[3.0], step=step))


async def test_heun_on_base_which_diffusers_lacks(pair: Pair) -> None:
    """The first velocity by APG, the second by plain CFG; the network is asked at level 0 too."""

    def mean(v: torch.Tensor, end: torch.Tensor, t: float, velocities: Velocities) -> torch.Tensor:
        conditional, null = velocities(end, t)
        return (v + null + 3.0 * (conditional - null)) / 2

    batch = items(2, 130, SamplingOptions(steps=8, method=SamplerMethod.HEUN, guidance_scale=3.0))
    expected = reference(pair, batch, TURBO_LEVELS[1.0], guide=projected(3.0), second=mean)
    await assert_equal(pair, GUIDED_DEFAULTS, batch, expected)


async def test_heun_on_turbo_which_ends_with_an_euler_step(pair: Pair) -> None:
    def mean(v: torch.Tensor, end: torch.Tensor, t: float, velocities: Velocities) -> torch.Tensor:
        return (v + velocities(end, t)[0]) / 2 if t > 0 else v

    batch = items(2, 131, SamplingOptions(method=SamplerMethod.HEUN))
    await assert_equal(pair, TURBO_DEFAULTS, batch, reference(pair, batch, TURBO_LEVELS[3.0], second=mean))


async def test_the_clamp_and_the_average_which_diffusers_lacks(pair: Pair) -> None:
    """After guidance, item by item: the clamp at 0.8 of the latents, then a fifth of the previous velocity."""
    batch = items(2, 130, SamplingOptions(steps=8, guidance_scale=3.0, velocity_clamp=0.8, velocity_ema=0.2))
    way = projected(3.0)
    previous: list[torch.Tensor] = []
    shortened: list[torch.Tensor] = []

    def shaped(v: torch.Tensor, null: torch.Tensor, x: torch.Tensor, t: float) -> torch.Tensor:
        v = way(v, null, x, t)
        most = 0.8 * x.norm(dim=(1, 2), keepdim=True) / v.norm(dim=(1, 2), keepdim=True)
        shortened.append((most < 1).any())
        v = v * most.clamp(max=1)
        if previous:
            v = 0.8 * v + 0.2 * previous[-1]
        previous.append(v)
        return v

    await assert_equal(pair, GUIDED_DEFAULTS, batch, reference(pair, batch, TURBO_LEVELS[1.0], guide=shaped))
    assert any(shortened)


@pytest.mark.parametrize("frames", [130, 131])
async def test_the_wavelet_correction_which_diffusers_lacks(pair: Pair, frames: int) -> None:
    correction = WaveletCorrection(low=0.05, high=0.02)
    batch = items(2, frames, SamplingOptions(wavelet_correction=correction))

    def step(index: int, x: torch.Tensor, v: torch.Tensor, t: float, t_next: float) -> torch.Tensor:
        after, clean = euler(index, x, v, t, t_next), x - t * v
        corrected = after.clone()
        for first in range(0, frames, 2):
            e0 = after[:, first] - clean[:, first]
            paired = first + 1 < frames
            e1 = after[:, first + 1] - clean[:, first + 1] if paired else torch.zeros_like(e0)
            low, high = 0.05 * t * (e0 + e1) / 2, 0.02 * (1 - t) * (e0 - e1) / 2
            corrected[:, first] += low + high
            if paired:
                corrected[:, first + 1] += low - high
        return corrected

    expected = reference(pair, batch, TURBO_LEVELS[3.0], step=step)
    await assert_equal(pair, TURBO_DEFAULTS, batch, expected)
    without = dataclasses.replace(batch[0], options=SamplingOptions())
    assert relative_error(await ours(pair, TURBO_DEFAULTS, without), expected[0]) > 5e-3


@pytest.mark.parametrize("steps", [1, 8, 27, 50, 200])
@pytest.mark.parametrize("shift", [1.0, 1.7, 3.0, 10.0])
def test_noise_levels(steps: int, shift: float) -> None:
    theirs = AceStepPipeline._get_timestep_schedule(None, steps, shift, dtype=torch.float32)
    torch.testing.assert_close(torch.tensor(schedule.shifted(steps, shift)), theirs, rtol=1e-6, atol=1e-7)
