"""The clamp and the moving average of velocities (spec/model.md §5.3)."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from services.dit.shaping import averaged, clamped
from tests.services.dit.tiny import normal

VELOCITY, LATENTS = normal(1, 1, 7, 3), normal(2, 1, 7, 3)


@given(st.floats(0.01, 5), st.floats(0.01, 100))
def test_a_velocity_keeps_its_direction_and_is_no_longer_than_allowed(most: float, length: float) -> None:
    velocity = length * VELOCITY
    shorter = clamped(velocity, LATENTS, most)
    ratio = shorter / velocity
    torch.testing.assert_close(ratio, ratio.mean().expand_as(ratio))
    assert shorter.norm() <= most * LATENTS.norm() * (1 + 1e-5)
    assert ratio.max() <= 1


def test_a_velocity_that_is_short_enough_stays_as_it_is() -> None:
    assert torch.equal(clamped(VELOCITY, VELOCITY, 1.5), VELOCITY)


def test_no_velocity_and_no_latents_stay_finite() -> None:
    assert clamped(torch.zeros(1, 2, 2), torch.zeros(1, 2, 2), 1.0).isfinite().all()
    assert torch.allclose(clamped(VELOCITY, torch.zeros_like(LATENTS), 1.0), torch.zeros_like(VELOCITY), atol=1e-6)


def test_items_of_a_batch_are_clamped_apart() -> None:
    velocity = torch.cat((VELOCITY, 10 * VELOCITY))
    both = clamped(velocity, torch.cat((LATENTS, LATENTS)), 1.5)
    torch.testing.assert_close(both[:1], clamped(velocity[:1], LATENTS, 1.5))
    torch.testing.assert_close(both[1:], clamped(velocity[1:], LATENTS, 1.5))


def test_the_average_is_between_both() -> None:
    torch.testing.assert_close(averaged(VELOCITY, LATENTS, 0.25), 0.75 * VELOCITY + 0.25 * LATENTS)
    assert torch.equal(averaged(VELOCITY, LATENTS, 0.0), VELOCITY)
