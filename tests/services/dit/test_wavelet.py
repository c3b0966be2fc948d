"""The correction in the Haar domain (spec/model.md §5.7, §8.4 e)."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from services.dit.wavelet import WaveletCorrection

X = torch.randn(1, 7, 3, generator=torch.Generator().manual_seed(0))


@given(st.floats(0, 1), st.floats(0, 1), st.integers(1, 9))
def test_a_constant_difference_moves_all_by_the_low_weight(t: float, low: float, pairs: int) -> None:
    after, clean = torch.full((1, 2 * pairs, 2), 3.0), torch.full((1, 2 * pairs, 2), 1.0)
    moved = WaveletCorrection(low, high=0.9).apply(after, clean, t)
    torch.testing.assert_close(moved, after + t * low * 2.0)


def test_an_alternating_difference_moves_by_the_high_weight() -> None:
    difference = torch.tensor([1.0, -1.0] * 4).view(1, 8, 1)
    moved = WaveletCorrection(low=0.9, high=0.5).apply(difference, torch.zeros(1, 8, 1), 0.75)
    torch.testing.assert_close(moved, difference * (1 + 0.25 * 0.5))


def test_no_weights_and_no_difference_change_nothing() -> None:
    assert torch.equal(WaveletCorrection(0, 0).apply(X, torch.zeros_like(X), 0.5), X)
    assert torch.equal(WaveletCorrection(0.5, 0.5).apply(X, X, 0.5), X)


def test_an_odd_length_is_filled_with_zeros() -> None:
    even = torch.cat((X, torch.zeros(1, 1, 3)), dim=1)
    correction = WaveletCorrection(0.3, 0.2)
    padded = correction.apply(even, torch.zeros_like(even), 0.6)
    assert torch.equal(correction.apply(X, torch.zeros_like(X), 0.6), padded[:, :7])
