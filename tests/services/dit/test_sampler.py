"""The sampling loop on velocity fields whose answer is known."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from services.dit.plan import GUIDED_DEFAULTS, TURBO_DEFAULTS, SamplingOptions, SamplingPlan, resolve
from services.dit.sampler import sample
from services.dit.wavelet import WaveletCorrection

NOISE = torch.randn(1, 6, 4, generator=torch.Generator().manual_seed(0))
CLEAN = torch.randn(1, 6, 4, generator=torch.Generator().manual_seed(1))


class StraightField:
    """The velocity from wherever the state is straight to CLEAN: (x - clean) / t. Counts what is asked of it."""

    def __init__(self) -> None:
        self.conditional_at: list[float] = []
        self.null_at: list[float] = []

    def conditional(self, latents: torch.Tensor, t: float) -> torch.Tensor:
        self.conditional_at.append(t)
        return (latents - CLEAN) / t

    def null(self, latents: torch.Tensor, t: float) -> torch.Tensor:
        self.null_at.append(t)
        return (latents - CLEAN) / t


class Steps:
    """Notes the steps; stops the loop before one of them if told to."""

    def __init__(self, stop_before: int | None = None) -> None:
        self.done: list[int] = []
        self.clean: list[torch.Tensor] = []
        self._stop_before = stop_before

    def before_step(self) -> None:
        if len(self.done) + 1 == self._stop_before:
            raise InterruptedError

    def after_step(self, step: int, clean: torch.Tensor) -> None:
        self.done.append(step)
        self.clean.append(clean)


def step_noise(step: int) -> torch.Tensor:
    return torch.randn(1, 6, 4, generator=torch.Generator().manual_seed(100 + step))


def run(plan: SamplingPlan, field: StraightField, steps: Steps | None = None) -> torch.Tensor:
    return sample(NOISE, plan, field, step_noise, steps or Steps())


@given(st.integers(1, 30), st.floats(1, 5), st.booleans())
def test_a_straight_field_leads_to_the_clean_latents(steps: int, shift: float, stochastic: bool) -> None:
    plan = resolve(SamplingOptions(steps=steps, shift=shift, stochastic=stochastic, guidance_scale=1), GUIDED_DEFAULTS)
    torch.testing.assert_close(run(plan, StraightField()), CLEAN, rtol=1e-4, atol=1e-4)


def test_one_evaluation_at_every_level_and_an_estimate_at_each() -> None:
    field, steps = StraightField(), Steps()
    plan = resolve(SamplingOptions(), TURBO_DEFAULTS)
    run(plan, field, steps)
    assert tuple(field.conditional_at) == plan.timesteps
    assert not field.null_at
    assert steps.done == list(range(1, 9))
    torch.testing.assert_close(torch.stack(steps.clean), CLEAN.expand(8, 1, 6, 4).contiguous(), rtol=1e-4, atol=1e-4)


def test_the_null_condition_is_evaluated_only_within_the_interval() -> None:
    field = StraightField()
    plan = resolve(SamplingOptions(steps=10, guidance_interval=(0.25, 0.65)), GUIDED_DEFAULTS)
    run(plan, field)
    assert field.null_at == [t for t in plan.timesteps if 0.25 <= t <= 0.65]
    assert len(field.null_at) == 4


def test_a_stochastic_step_renoises_the_estimate_with_its_own_noise() -> None:
    """x becomes t' noise + (1 - t') clean (spec/model.md §5.3)."""
    seen: list[torch.Tensor] = []

    class Watched(StraightField):
        def conditional(self, latents: torch.Tensor, t: float) -> torch.Tensor:
            seen.append(latents)
            return super().conditional(latents, t)

    plan = resolve(SamplingOptions(stochastic=True), TURBO_DEFAULTS)
    run(plan, Watched())
    for step, level in enumerate(plan.renoise_levels[:-1]):
        torch.testing.assert_close(seen[step + 1], level * step_noise(step) + (1 - level) * CLEAN, rtol=1e-4, atol=1e-4)


def test_the_correction_is_the_identity_on_the_last_step() -> None:
    plan = dataclasses.replace(
        resolve(SamplingOptions(steps=1), TURBO_DEFAULTS), wavelet_correction=WaveletCorrection(0.5, 0.5)
    )
    torch.testing.assert_close(run(plan, StraightField()), CLEAN, rtol=1e-5, atol=1e-5)


def test_an_observer_can_stop_the_loop_between_steps() -> None:
    field, steps = StraightField(), Steps(stop_before=4)
    with pytest.raises(InterruptedError):
        run(resolve(SamplingOptions(), TURBO_DEFAULTS), field, steps)
    assert len(field.conditional_at) == 3
