"""Every rule of a step equals its formula, written out here on a small field of velocities (spec/model.md §5.3)."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
import torch

from services.dit.guidance import AngleGuidance, GuidanceMode, ProjectedGuidance
from services.dit.plan import (
    GUIDED_DEFAULTS,
    TURBO_DEFAULTS,
    SamplerMethod,
    SamplingDefaults,
    SamplingOptions,
    SamplingPlan,
    resolve,
)
from services.dit.sampler import Trajectory
from services.dit.wavelet import WaveletCorrection
from tests.services.dit.tiny import normal

NOISE, PULL, PUSH = normal(1, 1, 6, 4), normal(2, 1, 6, 4), normal(3, 1, 6, 4)
LEVELS = (1.0, 0.7, 0.45, 0.1)
STEPS = tuple(pairwise((*LEVELS, 0.0)))
UNGUIDED = 1.0


def conditional(x: torch.Tensor, t: float) -> torch.Tensor:
    """Bent along the way and between places, so that it matters where and when it is asked for."""
    return torch.sin(x) + t * PULL


def null(x: torch.Tensor, t: float) -> torch.Tensor:
    return torch.cos(x) - t * t * PUSH


def fresh_noise(step: int) -> torch.Tensor:
    return normal(100 + step, 1, 6, 4)


def sampled(way: SamplingPlan, asked: list[float] | None = None) -> torch.Tensor:
    """All steps; notes the level of every velocity that was asked for."""
    trajectory = Trajectory(NOISE, way, fresh_noise)
    while trajectory.steps_done < trajectory.steps:
        x, t, guided = trajectory.latents, trajectory.t, trajectory.guided
        if asked is not None:
            asked += [t, t] if guided else [t]
        trajectory.advance(conditional(x, t), null(x, t) if guided else None)
    return trajectory.latents


def plan(defaults: SamplingDefaults, **options: Any) -> SamplingPlan:
    return resolve(SamplingOptions(timesteps=LEVELS, **options), defaults)


def test_heun_takes_the_mean_of_the_velocities_at_both_ends() -> None:
    x = NOISE
    for t, t_next in STEPS:
        first = conditional(x, t)
        second = conditional(x - (t - t_next) * first, t_next)
        x = x - (t - t_next) * (first + second) / 2
    unguided = plan(GUIDED_DEFAULTS, method=SamplerMethod.HEUN, guidance_scale=UNGUIDED)
    torch.testing.assert_close(sampled(unguided), x)


def test_on_turbo_the_final_heun_step_goes_to_the_clean_estimate() -> None:
    x = NOISE
    for t, t_next in STEPS[:-1]:
        first = conditional(x, t)
        second = conditional(x - (t - t_next) * first, t_next)
        x = x - (t - t_next) * (first + second) / 2
    x = x - LEVELS[-1] * conditional(x, LEVELS[-1])
    torch.testing.assert_close(sampled(plan(TURBO_DEFAULTS, method=SamplerMethod.HEUN)), x)


def test_heun_is_exact_where_velocities_change_evenly() -> None:
    """Along dx/dt = 2t from x = 1 at t = 1 the state is t²: at 0 it is 0, whatever the steps; Euler misses it."""
    ends = {}
    for method in (SamplerMethod.HEUN, SamplerMethod.ODE):
        way = plan(GUIDED_DEFAULTS, method=method, guidance_scale=UNGUIDED)
        trajectory = Trajectory(torch.ones(1, 2, 1), way, fresh_noise)
        while trajectory.steps_done < trajectory.steps:
            trajectory.advance(torch.full((1, 2, 1), 2 * trajectory.t), None)
        ends[method] = trajectory.latents.abs().max().item()
    assert ends[SamplerMethod.HEUN] < 1e-6
    assert ends[SamplerMethod.ODE] > 0.1


@pytest.mark.parametrize("interval", [(0.0, 1.0), (0.4, 0.8), (0.0, 0.5)])
def test_the_second_velocity_of_heun_is_guided_plainly_and_leaves_the_momentum(interval: tuple[float, float]) -> None:
    """The interval is tested with the level of each velocity: 0.7 to 0.45 may be guided at one end alone."""
    x, projected = NOISE, ProjectedGuidance()
    for t, t_next in STEPS:
        first = conditional(x, t)
        if interval[0] <= t <= interval[1]:
            first = projected.combine(first, null(x, t), x, t, 4.0)
        end = x - (t - t_next) * first
        second = conditional(end, t_next)
        if interval[0] <= t_next <= interval[1]:
            second = null(end, t_next) + 4.0 * (second - null(end, t_next))
        x = x - (t - t_next) * (first + second) / 2
    heun = plan(GUIDED_DEFAULTS, method=SamplerMethod.HEUN, guidance_scale=4.0, guidance_interval=interval)
    torch.testing.assert_close(sampled(heun), x)


def test_the_second_velocity_of_heun_turns_by_an_angle_but_at_the_end() -> None:
    x, turned = NOISE, AngleGuidance()
    for t, t_next in STEPS:
        first = turned.combine(conditional(x, t), null(x, t), x, t, 3.0)
        end = x - (t - t_next) * first
        second = conditional(end, t_next)
        if t_next > 0:
            second = turned.combine(second, null(end, t_next), end, t_next, 3.0)
        else:
            second = null(end, 0.0) + 3.0 * (second - null(end, 0.0))
        x = x - (t - t_next) * (first + second) / 2
    heun = plan(GUIDED_DEFAULTS, method=SamplerMethod.HEUN, guidance_scale=3.0, guidance_mode=GuidanceMode.ADG)
    torch.testing.assert_close(sampled(heun), x)


@pytest.mark.parametrize("defaults", [TURBO_DEFAULTS, GUIDED_DEFAULTS], ids=["turbo", "base"])
def test_ping_pong_renoises_to_the_next_level_of_any_schedule(defaults: SamplingDefaults) -> None:
    x = NOISE
    for step, (t, t_next) in enumerate(STEPS):
        x = (1 - t_next) * (x - t * conditional(x, t)) + t_next * fresh_noise(step)
    ping_pong = plan(defaults, method=SamplerMethod.PING_PONG, guidance_scale=UNGUIDED)
    torch.testing.assert_close(sampled(ping_pong), x)


def test_sde_on_base_renoises_to_an_even_grid() -> None:
    x = NOISE
    for step, (t, _) in enumerate(STEPS):
        level = 1 - (step + 1) / 4
        x = (1 - level) * (x - t * conditional(x, t)) + level * fresh_noise(step)
    sde = plan(GUIDED_DEFAULTS, method=SamplerMethod.SDE, guidance_scale=UNGUIDED)
    torch.testing.assert_close(sampled(sde), x)


def test_sde_and_ping_pong_are_one_on_turbo() -> None:
    sde, ping_pong = (plan(TURBO_DEFAULTS, method=way) for way in (SamplerMethod.SDE, SamplerMethod.PING_PONG))
    assert torch.equal(sampled(sde), sampled(ping_pong))


def shortened(v: torch.Tensor, x: torch.Tensor, most: float) -> torch.Tensor:
    return v * min(1.0, most * x.square().sum().sqrt().item() / v.square().sum().sqrt().item())


def corrected(after: torch.Tensor, clean: torch.Tensor, t: float, low: float, high: float) -> torch.Tensor:
    """The correction in the Haar domain, pair by pair."""
    after = after.clone()
    for first in range(0, after.shape[1], 2):
        e0, e1 = (after[:, frame] - clean[:, frame] for frame in (first, first + 1))
        after[:, first] += t * low * (e0 + e1) / 2 + (1 - t) * high * (e0 - e1) / 2
        after[:, first + 1] += t * low * (e0 + e1) / 2 - (1 - t) * high * (e0 - e1) / 2
    return after


@pytest.mark.parametrize("most", [0.3, 0.9, 5.0])
@pytest.mark.parametrize("share", [0.0, 0.2, 0.5])
def test_a_velocity_is_guided_then_clamped_then_averaged_then_taken_then_corrected(most: float, share: float) -> None:
    x, projected, previous = NOISE, ProjectedGuidance(), None
    for t, t_next in STEPS:
        v = shortened(projected.combine(conditional(x, t), null(x, t), x, t, 4.0), x, most)
        v = v if previous is None else (1 - share) * v + share * previous
        x, previous = corrected(x - (t - t_next) * v, x - t * v, t, 0.2, 0.1), v
    way = plan(
        GUIDED_DEFAULTS,
        guidance_scale=4.0,
        velocity_clamp=most,
        velocity_ema=share,
        wavelet_correction=WaveletCorrection(0.2, 0.1),
    )
    torch.testing.assert_close(sampled(way), x)


def test_both_velocities_of_heun_are_clamped_and_averaged() -> None:
    """The second one with the first; the next step keeps their mean. The correction sees the first one's estimate."""
    x, previous = NOISE, None
    for t, t_next in STEPS:
        first = shortened(conditional(x, t), x, 0.6)
        first = first if previous is None else 0.7 * first + 0.3 * previous
        end = x - (t - t_next) * first
        second = 0.7 * shortened(conditional(end, t_next), end, 0.6) + 0.3 * first
        previous = (first + second) / 2
        x = corrected(x - (t - t_next) * previous, x - t * first, t, 0.2, 0.1)
    way = plan(
        GUIDED_DEFAULTS,
        method=SamplerMethod.HEUN,
        guidance_scale=UNGUIDED,
        velocity_clamp=0.6,
        velocity_ema=0.3,
        wavelet_correction=WaveletCorrection(0.2, 0.1),
    )
    torch.testing.assert_close(sampled(way), x)


def test_no_clamp_and_no_average_are_those_of_zero() -> None:
    plain = plan(GUIDED_DEFAULTS)
    off = plan(GUIDED_DEFAULTS, velocity_clamp=0.0, velocity_ema=0.0)
    assert torch.equal(sampled(plain), sampled(off))


@pytest.mark.parametrize(
    ("defaults", "method", "interval", "asked"),
    [
        (TURBO_DEFAULTS, SamplerMethod.HEUN, None, 7),
        (GUIDED_DEFAULTS, SamplerMethod.HEUN, None, 16),
        (GUIDED_DEFAULTS, SamplerMethod.HEUN, (0.4, 0.8), 8 + 2 + 2),
        (GUIDED_DEFAULTS, SamplerMethod.HEUN, (0.0, 0.05), 8 + 1),
        (GUIDED_DEFAULTS, SamplerMethod.PING_PONG, (0.4, 0.8), 4 + 2),
        (TURBO_DEFAULTS, SamplerMethod.PING_PONG, None, 4),
    ],
)
def test_the_plan_knows_what_will_be_asked(
    defaults: SamplingDefaults, method: SamplerMethod, interval: tuple[float, float] | None, asked: int
) -> None:
    way = plan(defaults, method=method, guidance_interval=interval)
    levels: list[float] = []
    sampled(way, levels)
    assert len(levels) == way.evaluations == asked
