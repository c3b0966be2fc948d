"""Open choices take the model's defaults, and what a model ignores is said."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from services.dit.guidance import GuidanceMode
from services.dit.plan import (
    GUIDED_DEFAULTS,
    TURBO_DEFAULTS,
    SamplerMethod,
    SamplingDefaults,
    SamplingOptions,
    resolve,
)
from services.dit.wavelet import Wavelet, WaveletCorrection, WaveletMode

DOCS = Path(__file__).parents[3] / "docs" / "dit.md"


def _weights(defaults: SamplingDefaults) -> str:
    correction = defaults.wavelet_correction
    return "off" if correction is None else f"{correction.low:g}, {correction.high:g}"


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


@pytest.mark.parametrize("defaults", [TURBO_DEFAULTS, GUIDED_DEFAULTS], ids=["turbo", "base"])
def test_ping_pong_goes_to_the_next_level_on_every_model(defaults: SamplingDefaults) -> None:
    plan = resolve(SamplingOptions(steps=4, shift=3.0, method=SamplerMethod.PING_PONG), defaults)
    assert plan.renoise_levels == (*plan.timesteps[1:], 0.0)


def test_heun_corrects_every_step_but_the_final_one_of_turbo() -> None:
    heun = SamplingOptions(steps=4, method=SamplerMethod.HEUN)
    assert resolve(heun, GUIDED_DEFAULTS).corrected_steps == 4
    assert resolve(heun, TURBO_DEFAULTS).corrected_steps == 3
    assert resolve(SamplingOptions(steps=4), GUIDED_DEFAULTS).corrected_steps == 0


def test_snapping_moves_custom_timesteps_of_turbo() -> None:
    plan = resolve(SamplingOptions(timesteps=(0.99, 0.77, 0.4), snap=True), TURBO_DEFAULTS)
    assert plan.timesteps == (1.0, 0.7692307692, 0.4)
    assert not plan.warnings
    as_given = resolve(SamplingOptions(timesteps=(0.99, 0.77, 0.4)), TURBO_DEFAULTS)
    assert as_given.timesteps == (0.99, 0.77, 0.4)
    assert "timesteps 0.99, 0.77" in as_given.warnings[0]


FALLING = tuple(1 - step / 30 for step in range(25))


@pytest.mark.parametrize(
    ("defaults", "options", "warning"),
    [
        (GUIDED_DEFAULTS, SamplingOptions(timesteps=(1.0, 0.5), snap=True), "snap is ignored: only turbo"),
        (TURBO_DEFAULTS, SamplingOptions(snap=True), "snap is ignored where no timesteps"),
        (TURBO_DEFAULTS, SamplingOptions(timesteps=FALLING, snap=True), "last 5 timesteps are ignored"),
        (TURBO_DEFAULTS, SamplingOptions(timesteps=(1.0, 0.5), shift=2.0), "steps and shift are ignored"),
        (TURBO_DEFAULTS, SamplingOptions(steps=21), "21 steps"),
        (TURBO_DEFAULTS, SamplingOptions(shift=2.5), "shift 2.5"),
        (TURBO_DEFAULTS, SamplingOptions(method=SamplerMethod.HEUN), "heun: turbo models"),
        (TURBO_DEFAULTS, SamplingOptions(guidance_scale=2.0), "guidance is ignored"),
        (TURBO_DEFAULTS, SamplingOptions(guidance_mode=GuidanceMode.ADG), "mode and the interval of guidance"),
        (TURBO_DEFAULTS, SamplingOptions(guidance_interval=(0.2, 1.0)), "mode and the interval of guidance"),
        (
            GUIDED_DEFAULTS,
            SamplingOptions(guidance_scale=1.0, guidance_mode=GuidanceMode.CFG),
            "mode and the interval of guidance",
        ),
        (GUIDED_DEFAULTS, SamplingOptions(steps=2, guidance_interval=(0.6, 0.9)), "guidance acts on no step"),
        (GUIDED_DEFAULTS, SamplingOptions(wavelet_correction=WaveletCorrection(0.05, 0.02)), "meant for turbo"),
        (
            TURBO_DEFAULTS,
            SamplingOptions(wavelet_correction=WaveletCorrection(0.1, 0, WaveletMode.PIXEL, Wavelet.DB4)),
            "wavelet db4 is ignored",
        ),
    ],
)
def test_what_has_no_effect_or_was_not_trained_for_is_said_once(
    defaults: SamplingDefaults, options: SamplingOptions, warning: str
) -> None:
    (said,) = resolve(options, defaults).warnings
    assert warning in said


@pytest.mark.parametrize(
    ("defaults", "options"),
    [
        (TURBO_DEFAULTS, SamplingOptions(velocity_clamp=2.0, velocity_ema=0.1, method=SamplerMethod.PING_PONG)),
        (TURBO_DEFAULTS, SamplingOptions(wavelet_correction=WaveletCorrection(0.05, 0.02, wavelet=Wavelet.SYM8))),
        (TURBO_DEFAULTS, SamplingOptions(guidance_scale=1.0)),
        (GUIDED_DEFAULTS, SamplingOptions(velocity_clamp=2.0, velocity_ema=0.1, method=SamplerMethod.HEUN)),
        (GUIDED_DEFAULTS, SamplingOptions(guidance_mode=GuidanceMode.ADG, guidance_interval=(0.2, 0.8))),
        (GUIDED_DEFAULTS, SamplingOptions(wavelet_correction=WaveletCorrection(0, 0))),
        (GUIDED_DEFAULTS, SamplingOptions(steps=2, method=SamplerMethod.HEUN, guidance_interval=(0, 0.1))),
    ],
)
def test_what_is_taken_as_asked_brings_no_warning(defaults: SamplingDefaults, options: SamplingOptions) -> None:
    assert not resolve(options, defaults).warnings


def test_open_choices_take_the_table_and_given_ones_are_kept() -> None:
    plan = resolve(SamplingOptions(), GUIDED_DEFAULTS)
    assert (plan.guidance_mode, plan.guidance_interval) == (GuidanceMode.APG, (0.0, 1.0))
    assert (plan.velocity_clamp, plan.velocity_ema) == (0.0, 0.0)
    asked = SamplingOptions(guidance_mode=GuidanceMode.CFG, guidance_interval=(0.1, 0.9), velocity_clamp=1.5)
    plan = resolve(dataclasses.replace(asked, velocity_ema=0.2), GUIDED_DEFAULTS)
    assert (plan.guidance_mode, plan.guidance_interval) == (GuidanceMode.CFG, (0.1, 0.9))
    assert (plan.velocity_clamp, plan.velocity_ema) == (1.5, 0.2)


@pytest.mark.parametrize(
    ("setting", "turbo", "guided"),
    [
        ("`schedule.steps`", f"{TURBO_DEFAULTS.steps}", f"{GUIDED_DEFAULTS.steps}"),
        ("`schedule.shift`", f"{TURBO_DEFAULTS.shift:g}", f"{GUIDED_DEFAULTS.shift:g}"),
        ("`method`", TURBO_DEFAULTS.method.name, GUIDED_DEFAULTS.method.name),
        (
            "`guidance.scale`",
            f"{TURBO_DEFAULTS.guidance_scale:g}, others ignored",
            f"{GUIDED_DEFAULTS.guidance_scale:g}",
        ),
        ("`guidance.mode`", "ignored", GUIDED_DEFAULTS.guidance_mode.name),
        (
            "`guidance.interval_start`, `_end`",
            "ignored",
            "{:g}, {:g}".format(*GUIDED_DEFAULTS.guidance_interval),
        ),
        ("`velocity_clamp`", f"{TURBO_DEFAULTS.velocity_clamp:g} (off)", f"{GUIDED_DEFAULTS.velocity_clamp:g} (off)"),
        ("`velocity_ema`", f"{TURBO_DEFAULTS.velocity_ema:g} (off)", f"{GUIDED_DEFAULTS.velocity_ema:g} (off)"),
        ("`wavelet_correction.low`, `.high`", _weights(TURBO_DEFAULTS), _weights(GUIDED_DEFAULTS)),
    ],
)
def test_the_defaults_of_the_docs_are_those_of_the_code(setting: str, turbo: str, guided: str) -> None:
    (row,) = [line for line in DOCS.read_text().splitlines() if line.startswith(f"| {setting} |")]
    assert [cell.strip() for cell in row.split("|")[2:4]] == [turbo, guided]
