"""Kept frames: injected on the way, blended at the end."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from services.dit.keep import Keep, Kept, blend_weights
from services.dit.plan import GUIDED_DEFAULTS, TURBO_DEFAULTS, SamplingOptions, resolve
from tests.services.dit.tiny import normal

LATENTS, NOISE, SAMPLED = normal(1, 1, 6, 4), normal(2, 1, 6, 4), normal(3, 1, 6, 4)
FREE = torch.tensor([False, True, True, False, False, True])


def test_kept_frames_are_set_at_the_level_that_was_reached() -> None:
    injected = Kept(LATENTS, NOISE, FREE, torch.ones(6)).inject(SAMPLED, 0.3)
    assert torch.equal(injected[:, FREE], SAMPLED[:, FREE])
    torch.testing.assert_close(injected[:, ~FREE], (0.3 * NOISE + 0.7 * LATENTS)[:, ~FREE])


@pytest.mark.parametrize(
    ("injection", "is_turbo", "steps"),
    [(0.0, False, 0), (0.5, False, 4), (0.3, False, 2), (1.0, False, 8), (0.5, True, 4), (1.0, True, 7)],
)
def test_a_share_of_the_steps_injects_and_turbo_ends_freely(injection: float, is_turbo: bool, steps: int) -> None:
    plan = resolve(SamplingOptions(steps=8), TURBO_DEFAULTS if is_turbo else GUIDED_DEFAULTS)
    assert Keep(LATENTS, injection, 0).planned(plan, is_turbo=is_turbo).injected_steps == steps


def test_ramps_lie_outside_of_every_free_run() -> None:
    """Thirds over two frames; the ramp that the beginning cuts to one frame has a half."""
    free = torch.tensor([0, 1, 1, 0, 0, 0, 0, 0, 1, 1]).bool()
    expected = [1 / 2, 1, 1, 2 / 3, 1 / 3, 0, 1 / 3, 2 / 3, 1, 1]
    torch.testing.assert_close(blend_weights(free, 2), torch.tensor(expected))


def test_where_ramps_overlap_the_greater_holds() -> None:
    free = torch.tensor([1, 0, 0, 0, 1]).bool()
    torch.testing.assert_close(blend_weights(free, 3), torch.tensor([1, 0.75, 0.5, 0.75, 1]))


def test_without_a_crossfade_the_result_stays_as_it_was_sampled() -> None:
    kept = Kept(LATENTS, NOISE, FREE, blend_weights(FREE, 0))
    assert torch.equal(kept.blend(SAMPLED), SAMPLED)


@given(st.integers(0, 30), st.integers(1, 30), st.integers(1, 12))
def test_one_region_as_the_official_app_blends_it(start: int, length: int, crossfade: int) -> None:
    """Interior points of linspace(0, 1, len + 2) outside each edge, cut at both ends (spec/model.md §4.7)."""
    frames, end = 40, min(start + length, 40)
    free = torch.zeros(frames, dtype=torch.bool)
    free[start:end] = True
    expected = np.zeros(frames)
    expected[start:end] = 1
    left, right = max(0, start - crossfade), min(frames, end + crossfade)
    expected[left:start] = np.linspace(0, 1, start - left + 2)[1:-1]
    expected[end:right] = np.linspace(1, 0, right - end + 2)[1:-1]
    np.testing.assert_allclose(blend_weights(free, crossfade).numpy(), expected, rtol=0, atol=1e-6)


def test_beyond_the_ramps_the_result_is_what_is_kept_bit_by_bit() -> None:
    weights = blend_weights(FREE, 1)
    blended = Kept(LATENTS, NOISE, FREE, weights).blend(SAMPLED)
    assert weights.tolist() == [0.5, 1, 1, 0.5, 0.5, 1]
    assert torch.equal(blended[:, FREE], SAMPLED[:, FREE])
    torch.testing.assert_close(blended[:, ~FREE], ((SAMPLED + LATENTS) / 2)[:, ~FREE])
    untouched = Kept(LATENTS, NOISE, torch.zeros(6, dtype=torch.bool), torch.zeros(6)).blend(SAMPLED)
    assert torch.equal(untouched, LATENTS)
