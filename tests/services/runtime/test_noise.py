"""Noise depends on the seed, the purpose and the number of the draw, and on nothing else."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.noise import Purpose, gaussian

seeds = st.integers(0, 2**32 - 1)


@given(seeds, st.sampled_from(Purpose), st.integers(0, 200))
def test_equal_draws_are_bit_equal(seed: int, purpose: Purpose, draw: int) -> None:
    assert torch.equal(gaussian(seed, purpose, (8, 4), draw), gaussian(seed, purpose, (8, 4), draw))


@given(seeds, seeds)
def test_streams_differ(seed: int, other: int) -> None:
    here = gaussian(seed, Purpose.INITIAL, (16,))
    assert not torch.equal(here, gaussian(seed, Purpose.SDE_STEP, (16,)))
    assert not torch.equal(here, gaussian(seed, Purpose.INITIAL, (16,), draw=1))
    assert (seed == other) == torch.equal(here, gaussian(other, Purpose.INITIAL, (16,)))


@given(seeds, st.integers(1, 60), st.integers(1, 60))
def test_a_short_draw_is_the_beginning_of_a_long_one(seed: int, frames: int, more: int) -> None:
    """So that an item that is filled up keeps the noise of its own frames."""
    long = gaussian(seed, Purpose.INITIAL, (frames + more, 8))
    assert torch.equal(gaussian(seed, Purpose.INITIAL, (frames, 8)), long[:frames])


def test_distribution_is_standard_normal() -> None:
    noise = gaussian(7, Purpose.INITIAL, (200_000,))
    assert noise.dtype == torch.float32
    assert abs(noise.mean().item()) < 0.01
    assert abs(noise.std().item() - 1) < 0.01


def test_known_values() -> None:
    """The stream is part of every result: these numbers must never change."""
    known = torch.tensor([0.14574819803237915, -0.6352933049201965, -0.4871934950351715, -1.0927841663360596])
    assert torch.equal(gaussian(1234, Purpose.INITIAL, (4,)), known)
