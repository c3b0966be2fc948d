"""Which condition a step follows and what it keeps, each as its formula on a field that is known in closed form."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from quartet.errors import InternalError
from services.dit.conditions import ConditionSwitch, View
from services.dit.denoising import Denoising
from services.dit.guidance import ProjectedGuidance
from services.dit.keep import Keep, Kept, blend_weights
from services.dit.model import ConditionCache
from services.dit.plan import GUIDED_DEFAULTS, TURBO_DEFAULTS, SamplerMethod, SamplingOptions, SamplingPlan, resolve
from services.dit.sampler import Trajectory
from services.dit.starts import mixed
from tests.services.dit.fake_field import CHANNELS, FRAMES, condition, follow, velocity, view
from tests.services.dit.tiny import normal

LEVELS = (1.0, 0.8, 0.5, 0.2)
NOISE, SOURCE = normal(1, FRAMES, CHANNELS), normal(2, FRAMES, CHANNELS)
FIRST, SECOND, NULL = view(10), view(11), condition(12)
PLAIN = resolve(SamplingOptions(timesteps=LEVELS, guidance_scale=1.0), GUIDED_DEFAULTS)
GUIDED = resolve(SamplingOptions(timesteps=LEVELS, guidance_scale=4.0), GUIDED_DEFAULTS)
FREE = torch.tensor([False, True, True, False, False, True])


def switch(strength: float, *, blend: bool = False) -> ConditionSwitch:
    return ConditionSwitch(strength, torch.empty(0), blend=blend)


def denoising(plan: SamplingPlan, *views: View, kept: Kept | None = None) -> Denoising:
    return Denoising(Trajectory(NOISE[None], plan, lambda step: NOISE[None]), plan, views, NULL, kept)


def v(one: View, x: torch.Tensor, t: float) -> torch.Tensor:
    return velocity(x, one.context, one.condition, t)


def null(one: View, x: torch.Tensor, t: float) -> torch.Tensor:
    return velocity(x, one.context, NULL, t)


@pytest.mark.parametrize(("strength", "first_steps"), [(0.0, 0), (0.24, 0), (0.25, 1), (0.5, 2), (0.99, 3), (1.0, 4)])
def test_a_share_of_the_steps_follows_the_first_condition_and_the_rest_the_second(
    strength: float, first_steps: int
) -> None:
    plan = switch(strength).planned(PLAIN)
    latents, passes, _ = follow(denoising(plan, FIRST, SECOND))
    x = NOISE
    for step, (t, t_next) in enumerate(zip(LEVELS, (*LEVELS[1:], 0.0), strict=True)):
        x = x + (t_next - t) * v(FIRST if step < first_steps else SECOND, x, t)
    torch.testing.assert_close(latents, x)
    assert sum(len(branches) for branches in passes) == plan.evaluations == 4


def test_the_steps_that_count_are_those_that_are_taken() -> None:
    plan = switch(0.5).planned(PLAIN.from_step(2))
    assert plan.timesteps == (0.5, 0.2)
    assert plan.switch_step == 1


def test_momentum_of_guidance_outlives_the_switch() -> None:
    latents, _, _ = follow(denoising(switch(0.5).planned(GUIDED), FIRST, SECOND))
    x, guidance = NOISE, ProjectedGuidance()
    for step, (t, t_next) in enumerate(zip(LEVELS, (*LEVELS[1:], 0.0), strict=True)):
        one = FIRST if step < 2 else SECOND
        x = x + (t_next - t) * guidance.combine(v(one, x, t)[None], null(one, x, t)[None], x[None], t, 4.0)[0]
    torch.testing.assert_close(latents, x)


@pytest.mark.parametrize("strength", [0.0, 0.3, 1.0])
def test_a_blend_weighs_the_guided_velocity_against_the_unguided_second_one(strength: float) -> None:
    plan = switch(strength, blend=True).planned(GUIDED)
    beside = View(FIRST.context, SECOND.condition)
    latents, passes, _ = follow(denoising(plan, FIRST, beside))
    x, guidance = NOISE, ProjectedGuidance()
    for t, t_next in zip(LEVELS, (*LEVELS[1:], 0.0), strict=True):
        guided = guidance.combine(v(FIRST, x, t)[None], null(FIRST, x, t)[None], x[None], t, 4.0)[0]
        x = x + (t_next - t) * (strength * guided + (1 - strength) * v(beside, x, t))
    torch.testing.assert_close(latents, x)
    assert {len(branches) for branches in passes} == {3} == {plan.widest_pass}
    assert plan.evaluations == 12


def test_outside_of_the_interval_a_blend_asks_for_two() -> None:
    plan = switch(0.5, blend=True).planned(dataclasses.replace(GUIDED, guidance_interval=(0.4, 0.9)))
    _, passes, _ = follow(denoising(plan, FIRST, SECOND))
    assert [len(branches) for branches in passes] == [2, 3, 3, 2]
    assert plan.evaluations == 10


@pytest.mark.parametrize("crossfade", [0, 1, 2])
@pytest.mark.parametrize(("injection", "steps"), [(0.0, 0), (0.5, 2), (1.0, 4)])
def test_kept_frames_are_injected_after_their_share_of_the_steps_and_blended(
    injection: float, steps: int, crossfade: int
) -> None:
    plan = Keep(SOURCE, injection, crossfade).planned(PLAIN, is_turbo=False)
    weights = blend_weights(FREE, crossfade)
    latents, _, _ = follow(denoising(plan, FIRST, kept=Kept(SOURCE[None], NOISE[None], FREE, weights)))
    x = NOISE
    for step, (t, t_next) in enumerate(zip(LEVELS, (*LEVELS[1:], 0.0), strict=True)):
        x = x + (t_next - t) * v(FIRST, x, t)
        if step < steps:
            x = torch.where(FREE[:, None], x, t_next * NOISE + (1 - t_next) * SOURCE)
    torch.testing.assert_close(latents, weights[:, None] * x + (1 - weights[:, None]) * SOURCE)


def test_after_its_last_step_turbo_is_free() -> None:
    """Injected after all steps, base models end with what is kept; turbo models with what they made of it."""
    ends = []
    for defaults in (GUIDED_DEFAULTS, TURBO_DEFAULTS):
        plan = Keep(SOURCE, 1.0, 0).planned(PLAIN, is_turbo=defaults.is_turbo)
        kept = Kept(SOURCE[None], NOISE[None], FREE, blend_weights(FREE, 0))
        ends.append(follow(denoising(plan, FIRST, kept=kept))[0])
    assert torch.equal(ends[0][~FREE], SOURCE[~FREE])
    assert not torch.equal(ends[1][~FREE], SOURCE[~FREE])


def test_begun_in_between_only_the_steps_below_are_taken() -> None:
    plan = PLAIN.from_step(2)
    begun = mixed(SOURCE, NOISE, 0.5)
    trajectory = Trajectory(begun[None], plan, lambda step: NOISE[None])
    latents, passes, estimates = follow(Denoising(trajectory, plan, (FIRST,), None, None))
    x = 0.5 * NOISE + 0.5 * SOURCE
    x = x + (0.2 - 0.5) * v(FIRST, x, 0.5)
    torch.testing.assert_close(estimates[1], x - 0.2 * v(FIRST, x, 0.2))
    torch.testing.assert_close(latents, x - 0.2 * v(FIRST, x, 0.2))
    assert len(passes) == len(estimates) == 2


def test_without_steps_nothing_is_asked() -> None:
    plan = PLAIN.from_step(4)
    trajectory = Trajectory(SOURCE[None], plan, lambda step: NOISE[None])
    latents, passes, _ = follow(Denoising(trajectory, plan, (FIRST,), None, None))
    assert torch.equal(latents, SOURCE)
    assert not passes


def stem(channels: list[int], seed: int, method: SamplerMethod) -> torch.Tensor:
    """What comes of a source where the velocity leads straight to some of its channels."""

    def towards_the_track(x: torch.Tensor, context: torch.Tensor, words: ConditionCache, t: float) -> torch.Tensor:
        track = torch.zeros_like(x)
        track[:, channels] = context[:, channels]
        return (x - track) / t

    plan = resolve(SamplingOptions(timesteps=LEVELS, method=method), TURBO_DEFAULTS)
    trajectory = Trajectory(normal(seed, 1, FRAMES, CHANNELS), plan, lambda step: normal(step, 1, FRAMES, CHANNELS))
    heard = View(torch.cat((SOURCE, torch.ones_like(SOURCE)), dim=-1), condition(seed))
    return follow(Denoising(trajectory, plan, (heard,), None, None), towards_the_track)[0]


@pytest.mark.parametrize("method", SamplerMethod)
def test_tracks_that_a_model_takes_apart_exactly_add_up_to_their_source(method: SamplerMethod) -> None:
    """Each from noise of its own, none of which is left: the sampler adds nothing to what is predicted."""
    stems = [stem(channels, seed, method) for seed, channels in enumerate([[0], [1, 3], [2]])]
    torch.testing.assert_close(torch.stack(stems).sum(0), SOURCE)
    assert not torch.isclose(stems[0], SOURCE).all()


def test_guidance_without_a_null_condition_is_an_error() -> None:
    course = Denoising(Trajectory(NOISE[None], GUIDED, lambda step: NOISE[None]), GUIDED, (FIRST,), None, None)
    with pytest.raises(InternalError, match="null condition"):
        course.branches()


def test_both_velocities_of_a_heun_step_follow_the_condition_of_the_step_and_what_is_kept_is_set_at_its_end() -> None:
    options = SamplingOptions(timesteps=LEVELS, guidance_scale=1.0, method=SamplerMethod.HEUN)
    plan = switch(0.5).planned(resolve(options, GUIDED_DEFAULTS))
    plan = Keep(SOURCE, 1.0, 0).planned(plan, is_turbo=False)
    kept = Kept(SOURCE[None], NOISE[None], FREE, blend_weights(FREE, 0))
    latents, passes, estimates = follow(denoising(plan, FIRST, SECOND, kept=kept))
    x = NOISE
    for step, (t, t_next) in enumerate(zip(LEVELS, (*LEVELS[1:], 0.0), strict=True)):
        one = FIRST if step < 2 else SECOND
        begin = v(one, x, t)
        end = v(one, x + (t_next - t) * begin, t_next)
        x = x + (t_next - t) * (begin + end) / 2
        x = torch.where(FREE[:, None], x, t_next * NOISE + (1 - t_next) * SOURCE)
    torch.testing.assert_close(latents, x)
    assert (len(passes), len(estimates)) == (8, 4)
    assert plan.evaluations == 8


def test_a_blend_of_heun_steps_counts_its_evaluations() -> None:
    options = SamplingOptions(timesteps=LEVELS, guidance_scale=4.0, method=SamplerMethod.HEUN)
    plan = switch(0.5, blend=True).planned(resolve(options, GUIDED_DEFAULTS)).from_step(1)
    _, passes, _ = follow(denoising(plan, FIRST, SECOND))
    assert sum(len(branches) for branches in passes) == plan.evaluations == 18
