"""The sampling loop on velocities that are known in closed form (spec/model.md §5.3)."""

from __future__ import annotations

import dataclasses
from typing import Protocol

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from services.dit.guidance import GuidanceMode
from services.dit.plan import GUIDED_DEFAULTS, TURBO_DEFAULTS, SamplerMethod, SamplingOptions, SamplingPlan, resolve
from services.dit.sampler import Trajectory
from services.dit.wavelet import WaveletCorrection
from tests.parity.tolerance import relative_error
from tests.services.dit.tiny import normal

CLEAN, NOISE = normal(1, 1, 6, 4), normal(2, 1, 6, 4)
PLAIN = SamplingOptions(guidance_scale=1.0)


class Field(Protocol):
    """Velocities by state and level, as a network would predict them."""

    def conditional(self, latents: torch.Tensor, t: float) -> torch.Tensor: ...

    def null(self, latents: torch.Tensor, t: float) -> torch.Tensor: ...


class Towards:
    """Velocities that point straight from the clean latents; notes the levels at which each was asked for.

    At level 0, where every direction does, it is that of the line on which the latents came.
    """

    def __init__(self, clean: torch.Tensor, clean_null: torch.Tensor | None = None) -> None:
        self._clean, self._null = clean, clean if clean_null is None else clean_null
        self.conditional_at: list[float] = []
        self.null_at: list[float] = []

    def conditional(self, latents: torch.Tensor, t: float) -> torch.Tensor:
        self.conditional_at.append(t)
        return (latents - self._clean) / t if t else NOISE - self._clean

    def null(self, latents: torch.Tensor, t: float) -> torch.Tensor:
        self.null_at.append(t)
        return (latents - self._null) / t if t else NOISE - self._null


def fresh_noise(step: int) -> torch.Tensor:
    return normal(100 + step, 1, 6, 4)


def run(
    plan: SamplingPlan, velocities: Field | None = None, estimates: list[torch.Tensor] | None = None
) -> torch.Tensor:
    """All steps."""
    trajectory, network = Trajectory(NOISE, plan, fresh_noise), velocities or Towards(CLEAN)
    while trajectory.steps_done < trajectory.steps:
        latents, t = trajectory.latents, trajectory.t
        conditional = network.conditional(latents, t)
        clean = trajectory.advance(conditional, network.null(latents, t) if trajectory.guided else None)
        if estimates is not None and clean is not None:
            estimates.append(clean)
    assert trajectory.t == 0
    return trajectory.latents


@given(st.integers(1, 40), st.floats(1, 10), st.sampled_from(SamplerMethod), st.booleans())
def test_straight_velocities_lead_to_the_clean_latents(
    steps: int, shift: float, method: SamplerMethod, is_turbo: bool
) -> None:
    options = dataclasses.replace(PLAIN, steps=steps, shift=shift, method=method)
    plan = resolve(options, TURBO_DEFAULTS if is_turbo else GUIDED_DEFAULTS)
    torch.testing.assert_close(run(plan), CLEAN, rtol=1e-4, atol=1e-4)


def test_an_ode_step_is_an_euler_step() -> None:
    """From level 1 to 0.25 along a straight line leaves a quarter of the noise; the second step starts from there."""
    states: list[torch.Tensor] = []

    class Watching(Towards):
        def conditional(self, latents: torch.Tensor, t: float) -> torch.Tensor:
            states.append(latents)
            return super().conditional(latents, t)

    run(resolve(SamplingOptions(timesteps=(1.0, 0.25)), TURBO_DEFAULTS), Watching(CLEAN))
    torch.testing.assert_close(states[1], 0.25 * NOISE + 0.75 * CLEAN)


def test_a_stochastic_step_goes_to_the_clean_estimate_and_back_with_noise_of_its_own() -> None:
    states: list[torch.Tensor] = []

    class Watching(Towards):
        def conditional(self, latents: torch.Tensor, t: float) -> torch.Tensor:
            states.append(latents)
            return super().conditional(latents, t)

    run(resolve(SamplingOptions(timesteps=(1.0, 0.6, 0.2), method=SamplerMethod.SDE), TURBO_DEFAULTS), Watching(CLEAN))
    torch.testing.assert_close(states[1], 0.6 * fresh_noise(0) + 0.4 * CLEAN)
    torch.testing.assert_close(states[2], 0.2 * fresh_noise(1) + 0.8 * CLEAN)


def test_the_network_is_asked_once_a_step_where_nothing_guides() -> None:
    velocities = Towards(CLEAN)
    plan = resolve(SamplingOptions(), TURBO_DEFAULTS)
    run(plan, velocities)
    assert tuple(velocities.conditional_at) == plan.timesteps
    assert not velocities.null_at
    assert plan.evaluations == 8


@pytest.mark.parametrize(("interval", "guided_at"), [((0.0, 1.0), [1, 0.75, 0.5, 0.25]), ((0.5, 0.75), [0.75, 0.5])])
@pytest.mark.parametrize("mode", GuidanceMode)
def test_the_null_condition_is_asked_inside_the_interval_alone(
    mode: GuidanceMode, interval: tuple[float, float], guided_at: list[float]
) -> None:
    options = SamplingOptions(steps=4, guidance_scale=3.0, guidance_mode=mode, guidance_interval=interval)
    plan, velocities = resolve(options, GUIDED_DEFAULTS), Towards(CLEAN, clean_null=-CLEAN)
    run(plan, velocities)
    assert velocities.conditional_at == [1, 0.75, 0.5, 0.25]
    assert velocities.null_at == guided_at
    assert plan.evaluations == 4 + len(guided_at)


def test_momentum_does_not_outlive_an_item() -> None:
    plan = resolve(SamplingOptions(steps=4), GUIDED_DEFAULTS)
    first, second = (run(plan, Towards(CLEAN, clean_null=-CLEAN)) for _ in range(2))
    assert torch.equal(first, second)


def test_every_step_has_a_clean_estimate() -> None:
    estimates: list[torch.Tensor] = []
    run(resolve(SamplingOptions(steps=3), TURBO_DEFAULTS), estimates=estimates)
    assert len(estimates) == 3
    assert all(relative_error(clean, CLEAN) < 1e-5 for clean in estimates)


def test_the_correction_leaves_the_last_step_alone() -> None:
    """There the state is the clean estimate; with one step the correction changes nothing, with two it does."""
    correction = WaveletCorrection(low=0.5, high=0.5)
    one, two = (
        [
            run(resolve(SamplingOptions(timesteps=levels, wavelet_correction=used), TURBO_DEFAULTS), Bent())
            for used in (None, correction)
        ]
        for levels in ((1.0,), (1.0, 0.5))
    )
    assert torch.equal(*one)
    assert not torch.equal(*two)


class Bent(Towards):
    """Velocities that do not depend on where the state is, so that what moves it shows in the end."""

    def __init__(self) -> None:
        super().__init__(CLEAN)

    def conditional(self, latents: torch.Tensor, t: float) -> torch.Tensor:
        return NOISE - t * CLEAN
