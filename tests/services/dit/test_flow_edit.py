"""Edits equal the formulas of spec/model.md §5.8, written out on a field that is known in closed form."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch

from services.dit.flow_edit import Editing, FlowEdit
from services.dit.guidance import APG_MOMENTUM, ProjectedGuidance
from services.dit.plan import GUIDED_DEFAULTS, TURBO_DEFAULTS, SamplerMethod, SamplingOptions, SamplingPlan, resolve
from services.dit.wavelet import WaveletCorrection
from tests.services.dit.fake_field import CHANNELS, FRAMES, condition, follow, velocity, view
from tests.services.dit.tiny import normal

LEVELS = (1.0, 0.8, 0.5, 0.2)
SOURCE, NULL = normal(2, FRAMES, CHANNELS), condition(12)
TARGET, ORIGIN = view(10), view(11)
PLAIN = resolve(SamplingOptions(timesteps=LEVELS, guidance_scale=1.0), GUIDED_DEFAULTS)
GUIDED = resolve(SamplingOptions(timesteps=LEVELS, guidance_scale=4.0), GUIDED_DEFAULTS)


def drawn(draw: int) -> torch.Tensor:
    return normal(100 + draw, FRAMES, CHANNELS)


def edit(n_min: float = 0.0, n_max: float = 1.0, n_avg: int = 1) -> FlowEdit:
    return FlowEdit(SOURCE, torch.empty(0), n_min, n_max, n_avg)


def editing(plan: SamplingPlan) -> Editing:
    return Editing(SOURCE, plan, (TARGET, ORIGIN), NULL, drawn)


def guided_mean(
    velocities: Sequence[torch.Tensor], nulls: Sequence[torch.Tensor], momentum: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean guided velocity of the draws of a step, all from one momentum, and the momentum after the step."""
    guided = []
    for v, null in zip(velocities, nulls, strict=True):
        guidance = ProjectedGuidance()
        guidance.combine(momentum[None], torch.zeros_like(v)[None], v[None], 1.0, 4.0)
        guided.append(guidance.combine(v[None], null[None], v[None], 1.0, 4.0)[0])
    mean = torch.stack([v - null for v, null in zip(velocities, nulls, strict=True)]).mean(0)
    return torch.stack(guided).mean(0), mean + APG_MOMENTUM * momentum


def expected(plan: SamplingPlan, *, edit_steps: int, draws: int) -> torch.Tensor:
    """The formulas, step by step; z is the edited latents, as in the specification."""
    z, x = SOURCE, None
    momenta = [torch.zeros_like(SOURCE), torch.zeros_like(SOURCE)]

    def both(states: Sequence[torch.Tensor], side: int, t: float) -> torch.Tensor:
        one = (TARGET, ORIGIN)[side]
        velocities = [velocity(state, one.context, one.condition, t) for state in states]
        if not plan.guided:
            return torch.stack(velocities).mean(0)
        nulls = [velocity(state, one.context, NULL, t) for state in states]
        guided, momenta[side] = guided_mean(velocities, nulls, momenta[side])
        return guided

    for step, (t, t_next) in enumerate(zip(plan.timesteps, (*plan.timesteps[1:], 0.0), strict=True)):
        if step < edit_steps:
            noisy = [(1 - t) * SOURCE + t * drawn(step * draws + number) for number in range(draws)]
            change = both([z + one - SOURCE for one in noisy], 0, t) - both(noisy, 1, t)
            z = z + (t_next - t) * change
            continue
        if x is None:
            x = z + (1 - t) * SOURCE + t * drawn(step * draws) - SOURCE
        x = x + (t_next - t) * both([x], 0, t)
    return z if x is None else x


@pytest.mark.parametrize("plan", [PLAIN, GUIDED], ids=["plain", "guided"])
@pytest.mark.parametrize("draws", [1, 3])
@pytest.mark.parametrize(
    ("n_min", "n_max", "left_out", "edit_steps"), [(0, 1, 0, 4), (0.3, 0.8, 1, 2), (0.5, 0.5, 2, 0)]
)
def test_an_edit_equals_its_formulas(
    plan: SamplingPlan, draws: int, n_min: float, n_max: float, left_out: int, edit_steps: int
) -> None:
    planned = edit(n_min, n_max, draws).planned(plan)
    assert planned.timesteps == LEVELS[left_out:]
    latents, passes, estimates = follow(editing(planned))
    torch.testing.assert_close(latents, expected(planned, edit_steps=edit_steps, draws=draws), rtol=1e-5, atol=1e-5)
    assert len(estimates) == 4 - left_out
    branches = 2 if plan.guided else 1
    free_steps = 4 - left_out - edit_steps
    asked = [len(one) for one in passes]
    assert asked == [2 * branches] * (edit_steps * draws) + [branches] * free_steps
    assert sum(asked) == planned.evaluations
    assert max(asked) == planned.widest_pass


def test_both_sides_see_their_own_context_and_the_same_noise() -> None:
    _, passes, _ = follow(editing(edit().planned(GUIDED)))
    for target, origin, null_of_target, null_of_origin in passes[:1]:
        assert torch.equal(target.latents, origin.latents)
        assert torch.equal(target.latents, null_of_target.latents)
        assert null_of_target.condition is null_of_origin.condition is NULL
        assert (target.condition, origin.condition) == (TARGET.condition, ORIGIN.condition)


@pytest.mark.parametrize("plan", [PLAIN, GUIDED], ids=["plain", "guided"])
def test_between_equal_descriptions_nothing_changes(plan: SamplingPlan) -> None:
    same = Editing(SOURCE, edit(n_avg=2).planned(plan), (TARGET, TARGET), NULL, drawn)
    assert torch.equal(follow(same)[0], SOURCE)


def test_an_edit_that_leaves_out_all_steps_is_the_source() -> None:
    plan = edit(1.0).planned(GUIDED)
    latents, passes, _ = follow(editing(plan))
    assert torch.equal(latents, SOURCE)
    assert not passes
    assert plan.evaluations == 0


def test_the_estimate_on_the_way_is_what_the_edit_has_made() -> None:
    latents, _, estimates = follow(editing(edit().planned(PLAIN)))
    assert torch.equal(estimates[-1], latents)


@pytest.mark.parametrize("method", [SamplerMethod.SDE, SamplerMethod.HEUN, SamplerMethod.PING_PONG])
def test_what_an_edit_ignores_is_said(method: SamplerMethod) -> None:
    options = SamplingOptions(method=method, wavelet_correction=WaveletCorrection(0.05, 0.02))
    plan = edit().planned(resolve(options, TURBO_DEFAULTS))
    assert not plan.renoise_levels
    assert plan.corrected_steps == 0
    assert plan.wavelet_correction is None
    assert [warning.split(" is")[0] for warning in plan.warnings[-2:]] == ["the method", "the wavelet correction"]
    assert not edit().planned(PLAIN).warnings


def test_velocities_are_clamped_and_averaged_for_each_trajectory() -> None:
    """Each draw is clamped by its own latents and averaged with the mean velocity of the step before."""
    options = SamplingOptions(timesteps=LEVELS, guidance_scale=1.0, velocity_clamp=0.4, velocity_ema=0.3)
    plan = edit(0.0, 0.5, 2).planned(resolve(options, GUIDED_DEFAULTS))
    z: torch.Tensor = SOURCE
    previous: list[torch.Tensor | None] = [None, None]

    def mean(states: Sequence[torch.Tensor], side: int, t: float) -> torch.Tensor:
        one, drawn_velocities = (TARGET, ORIGIN)[side], []
        for x in states:
            v = velocity(x, one.context, one.condition, t)
            v = v * min(1.0, float(0.4 * x.norm() / v.norm()))
            before = previous[side]
            drawn_velocities.append(v if before is None else 0.7 * v + 0.3 * before)
        previous[side] = after = torch.stack(drawn_velocities).mean(0)
        return after

    for step, (t, t_next) in enumerate([(1.0, 0.8), (0.8, 0.5)]):
        noisy = [(1 - t) * SOURCE + t * drawn(2 * step + number) for number in range(2)]
        z = z + (t_next - t) * (mean([z + one - SOURCE for one in noisy], 0, t) - mean(noisy, 1, t))
    x = z + 0.5 * SOURCE + 0.5 * drawn(4) - SOURCE
    for t, t_next in [(0.5, 0.2), (0.2, 0.0)]:
        x = x + (t_next - t) * mean([x], 0, t)
    torch.testing.assert_close(follow(editing(plan))[0], x, rtol=1e-5, atol=1e-5)
