"""What sampling begins from: levels of the schedule, latents under noise, noise between two seeds."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from services.dit.plan import (
    GUIDED_DEFAULTS,
    TURBO_DEFAULTS,
    SamplerMethod,
    SamplingDefaults,
    SamplingOptions,
    SamplingPlan,
    resolve,
)
from services.dit.starts import Start, Variation, mixed
from services.runtime.noise import Purpose, gaussian
from tests.services.dit.tiny import normal

OPEN = SamplingOptions()
LATENTS, NOISE = normal(1, 6, 4), normal(2, 6, 4)


def planned(noise: float, *levels: float, stochastic: bool = False) -> SamplingPlan:
    options = SamplingOptions(timesteps=levels, method=SamplerMethod.SDE if stochastic else None)
    return Start(LATENTS, noise).planned(resolve(options, GUIDED_DEFAULTS), is_turbo=False)


def exactly(
    noise: float, options: SamplingOptions = OPEN, defaults: SamplingDefaults = GUIDED_DEFAULTS
) -> SamplingPlan:
    return Start(LATENTS, noise, exact=True).planned(resolve(options, defaults), is_turbo=defaults.is_turbo)


@pytest.mark.parametrize(
    ("noise", "left"),
    [
        (1.0, (1.0, 0.75, 0.5, 0.25)),
        (0.8, (0.75, 0.5, 0.25)),
        (0.625, (0.75, 0.5, 0.25)),
        (0.5, (0.5, 0.25)),
        (0.01, (0.25,)),
        (0.0, ()),
    ],
)
def test_steps_above_the_nearest_level_are_left_out_and_of_two_the_higher_one_counts(
    noise: float, left: tuple[float, ...]
) -> None:
    plan = planned(noise, 1.0, 0.75, 0.5, 0.25)
    assert plan.timesteps == left
    assert plan.evaluations == 2 * len(left)


def test_stochastic_steps_keep_the_levels_of_the_whole_schedule() -> None:
    """Those of an even grid over what is left would go back above the level that was begun at."""
    assert planned(0.5, 1.0, 0.75, 0.5, 0.25, stochastic=True).renoise_levels == (0.25, 0.0)


@given(st.floats(0, 1), st.integers(1, 40), st.floats(1, 10))
def test_no_level_is_nearer(noise: float, steps: int, shift: float) -> None:
    whole = resolve(SamplingOptions(steps=steps, shift=shift), GUIDED_DEFAULTS).timesteps
    left = planned(noise, *whole).timesteps
    assert left == whole[len(whole) - len(left) :]
    if noise > 0:
        assert abs(left[0] - noise) == min(abs(level - noise) for level in whole)


@pytest.mark.parametrize("method", SamplerMethod)
@pytest.mark.parametrize("defaults", [GUIDED_DEFAULTS, TURBO_DEFAULTS])
def test_an_exact_start_from_noise_alone_is_no_start_and_one_without_noise_the_end(
    method: SamplerMethod, defaults: SamplingDefaults
) -> None:
    options = SamplingOptions(method=method)
    assert exactly(1.0, options, defaults) == resolve(options, defaults)
    assert exactly(0.0, options, defaults).timesteps == ()


@given(st.floats(1e-3, 1), st.integers(1, 40), st.floats(1, 10))
def test_exact_starts_of_base_models_take_all_steps_in_proportion(noise: float, steps: int, shift: float) -> None:
    options = SamplingOptions(steps=steps, shift=shift)
    whole = resolve(options, GUIDED_DEFAULTS).timesteps
    assert exactly(noise, options).timesteps == pytest.approx([noise * t for t in whole])


@pytest.mark.parametrize(
    ("noise", "left"),
    [
        (0.8, (0.8, 0.75, 0.5, 0.25)),
        (0.75, (0.75, 0.5, 0.25)),
        (0.7, (0.7, 0.5, 0.25)),
        (0.1, (0.1,)),
    ],
)
def test_exact_starts_of_turbo_models_go_on_with_the_levels_below(noise: float, left: tuple[float, ...]) -> None:
    stochastic = SamplingOptions(steps=4, shift=1.0, method=SamplerMethod.SDE)
    plan = exactly(noise, stochastic, TURBO_DEFAULTS)
    assert plan.timesteps == left
    assert plan.renoise_levels == (*left[1:], 0.0)
    heun = exactly(noise, SamplingOptions(steps=4, shift=1.0, method=SamplerMethod.HEUN), TURBO_DEFAULTS)
    assert heun.corrected_steps == len(left) - 1


@given(st.integers(0, 100))
def test_every_strength_of_a_turbo_model_has_a_first_level_of_its_own_and_no_step_is_wasted(percent: int) -> None:
    """0.9 of the schedule is rounded to float32, that of 1 - strength is not: both are one level."""
    levels = (*exactly(1 - percent / 100, defaults=TURBO_DEFAULTS).timesteps, 0.0)
    assert levels[0] == pytest.approx(1 - percent / 100)
    assert all(after < before - 1e-6 for before, after in pairwise(levels))
    assert len(levels) <= 9


@pytest.mark.parametrize("method", [SamplerMethod.SDE, SamplerMethod.PING_PONG])
def test_no_stochastic_step_of_an_exact_start_goes_back_above_its_level(method: SamplerMethod) -> None:
    even = exactly(0.5, SamplingOptions(steps=4, shift=3.0, method=method))
    whole = resolve(SamplingOptions(steps=4, shift=3.0, method=method), GUIDED_DEFAULTS)
    assert even.renoise_levels == pytest.approx([0.5 * level for level in whole.renoise_levels])
    beginning_low = SamplingOptions(timesteps=(0.5, 0.25), method=method)
    assert max(exactly(0.8, beginning_low).renoise_levels) <= 0.8


def test_a_schedule_that_begins_below_an_exact_start_begins_there_instead() -> None:
    low = SamplingOptions(timesteps=(0.6, 0.3))
    assert exactly(0.8, low, TURBO_DEFAULTS).timesteps == (0.8, 0.3)
    assert exactly(0.8, low).timesteps == pytest.approx((0.8, 0.4))


def test_latents_at_a_level() -> None:
    torch.testing.assert_close(mixed(LATENTS, NOISE, 0.3), 0.3 * NOISE + 0.7 * LATENTS)
    assert torch.equal(mixed(LATENTS, NOISE, 1.0), NOISE)


def test_latents_without_noise_are_the_same_bits() -> None:
    negative_zero = torch.full((1, 1), -0.0)
    assert mixed(negative_zero, torch.ones(1, 1), 0.0).signbit().all()


@given(st.floats(0, 1))
def test_noise_is_turned_towards_that_of_the_second_seed(variance: float) -> None:
    angle = variance * math.pi / 2
    expected = math.cos(angle) * NOISE + math.sin(angle) * gaussian(3, Purpose.VARIATION, (6, 4))
    torch.testing.assert_close(Variation(variance, seed=3).turned(NOISE), expected)


def test_no_variance_is_the_same_noise_and_full_variance_another() -> None:
    assert torch.equal(Variation(0.0, seed=3).turned(NOISE), NOISE)
    torch.testing.assert_close(Variation(1.0, seed=3).turned(NOISE), gaussian(3, Purpose.VARIATION, (6, 4)))


@pytest.mark.parametrize("variance", [0.2, 0.5, 1.0])
def test_turned_noise_is_as_loud_even_where_the_seeds_are_equal(variance: float) -> None:
    noise = gaussian(3, Purpose.INITIAL, (4000, 8))
    assert Variation(variance, seed=3).turned(noise).std() == pytest.approx(1, abs=0.02)
