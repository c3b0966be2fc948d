"""Open choices take the model's defaults, and what a model ignores is said."""

from __future__ import annotations

import pytest

from services.dit.plan import GUIDED_DEFAULTS, TURBO_DEFAULTS, SamplerMethod, SamplingOptions, resolve
from services.dit.wavelet import WaveletCorrection


def test_turbo_defaults() -> None:
    plan = resolve(SamplingOptions(), TURBO_DEFAULTS)
    assert len(plan.timesteps) == 8
    assert plan.timesteps[-1] == pytest.approx(0.3)
    assert not plan.guided
    assert not plan.renoise_levels
    assert not plan.warnings


def test_guided_defaults() -> None:
    plan = resolve(SamplingOptions(), GUIDED_DEFAULTS)
    assert len(plan.timesteps) == 50
    assert plan.timesteps[1] == pytest.approx(0.98)
    assert plan.guidance_scale == 7


def test_guidance_on_turbo_is_ignored_with_a_warning() -> None:
    plan = resolve(SamplingOptions(guidance_scale=5.0), TURBO_DEFAULTS)
    assert not plan.guided
    assert any("guidance is ignored" in warning for warning in plan.warnings)


def test_timesteps_replace_steps_and_shift_with_a_warning() -> None:
    plan = resolve(SamplingOptions(steps=20, timesteps=(1.0, 0.5)), GUIDED_DEFAULTS)
    assert plan.timesteps == (1.0, 0.5)
    assert any("steps and shift are ignored" in warning for warning in plan.warnings)


def test_stochastic_turbo_goes_to_the_next_level() -> None:
    plan = resolve(SamplingOptions(method=SamplerMethod.SDE), TURBO_DEFAULTS)
    assert plan.renoise_levels == (*plan.timesteps[1:], 0.0)


def test_stochastic_base_goes_to_an_even_grid_whatever_the_shift() -> None:
    """As in the official app (spec/model.md §5.3)."""
    plan = resolve(SamplingOptions(steps=4, shift=3.0, method=SamplerMethod.SDE), GUIDED_DEFAULTS)
    assert plan.renoise_levels == pytest.approx((0.75, 0.5, 0.25, 0.0))


def test_a_correction_that_was_asked_for_is_kept() -> None:
    plan = resolve(SamplingOptions(wavelet_correction=WaveletCorrection(0.1, 0.2)), GUIDED_DEFAULTS)
    assert plan.wavelet_correction == WaveletCorrection(0.1, 0.2)
