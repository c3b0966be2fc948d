"""Guidance equals the check values of spec/model.md §5.4 and §5.5."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from services.dit import schedule
from services.dit.guidance import AngleGuidance, ClassifierFreeGuidance, ProjectedGuidance, acts_at

INDEX = torch.arange(12, dtype=torch.float32)
CONDITIONAL = (INDEX / 10 - 0.5).view(1, 4, 3)
NULL = torch.sin(INDEX).view(1, 4, 3)
LATENTS = torch.cos(INDEX).view(1, 4, 3)

APG_FIRST = (
    -1.20879, -3.35393, -3.83586, -1.33024, 4.96454, 5.75355, 1.91825, -4.78937, -7.55607, -1.50568, 1.14551, 2.76010,
)  # fmt: skip
APG_SECOND = (
    -0.69808, -1.39388, -1.50755, -0.57558, 1.68259, 2.01374, 0.72639, -1.56628, -2.47963, -0.30699, 0.67593, 1.29604,
)  # fmt: skip
ADG = (
    -0.77007, -1.25528, -1.21028, -0.21385, 0.62522, 0.70762, 0.30369, -0.55645, -0.46672, 0.20894, 1.13602, 1.79920,
)  # fmt: skip


def test_projected_guidance_and_its_momentum() -> None:
    guidance = ProjectedGuidance()
    first = guidance.combine(CONDITIONAL, NULL, LATENTS, 0.5, 7.0)
    second = guidance.combine(0.9 * CONDITIONAL, 1.1 * NULL, LATENTS, 0.4, 7.0)
    assert first.flatten().tolist() == pytest.approx(APG_FIRST, abs=1e-5)
    assert second.flatten().tolist() == pytest.approx(APG_SECOND, abs=1e-5)


def test_angle_guidance() -> None:
    guided = AngleGuidance().combine(CONDITIONAL, NULL, LATENTS, 0.5, 7.0)
    assert guided.flatten().tolist() == pytest.approx(ADG, abs=1e-5)


def test_angle_guidance_turns_small_angles_by_their_weight() -> None:
    """Clean estimates 0.1 apart, scale 3: turned by (3 - 1 + 1e-3) times the angle, below the bound."""
    angle, turned, t = 0.1, 0.2001, 0.5
    clean, clean_null = torch.tensor([math.cos(angle), math.sin(angle)]), torch.tensor([1.0, 0.0])
    expected = torch.tensor([math.cos(turned) * math.cos(angle), math.cos(turned) * math.sin(angle) + math.sin(turned)])
    latents = torch.tensor([0.3, -0.8])
    velocity, null = (((latents - estimate) / t).view(1, 1, 2) for estimate in (clean, clean_null))
    guided = AngleGuidance().combine(velocity, null, latents.view(1, 1, 2), t, 3.0)
    torch.testing.assert_close(latents - t * guided[0, 0], expected, rtol=0, atol=2e-6)


@pytest.mark.parametrize("guidance", [ProjectedGuidance(), AngleGuidance(), ClassifierFreeGuidance()])
def test_equal_velocities_need_no_guidance(
    guidance: ProjectedGuidance | AngleGuidance | ClassifierFreeGuidance,
) -> None:
    guided = guidance.combine(CONDITIONAL, CONDITIONAL, LATENTS, 0.5, 7.0)
    torch.testing.assert_close(guided, CONDITIONAL, atol=2e-3, rtol=1e-3)


@given(st.floats(1, 30))
def test_classifier_free_guidance_extrapolates(scale: float) -> None:
    guided = ClassifierFreeGuidance().combine(CONDITIONAL, NULL, LATENTS, 0.5, scale)
    torch.testing.assert_close(guided, NULL + scale * (CONDITIONAL - NULL))


def test_the_interval_is_of_the_noise_level_itself() -> None:
    """As in the official app; diffusers tests 1 - t."""
    assert acts_at(1.0, 0.5, 1.0)
    assert not acts_at(0.4, 0.5, 1.0)


@pytest.mark.parametrize("shift", schedule.TURBO_SHIFTS)
def test_a_bound_that_is_a_level_holds_it_though_levels_are_rounded(shift: float) -> None:
    """0.3 in float32 is a little more than 0.3."""
    for level in schedule.shifted(8, shift):
        bound = round(level, 6)
        assert acts_at(level, bound, 1.0)
        assert acts_at(level, 0.0, bound)
