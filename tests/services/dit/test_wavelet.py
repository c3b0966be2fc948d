"""The correction in the wavelet domain (spec/model.md §5.7, §8.4 e)."""

from __future__ import annotations

import numpy as np
import pytest
import pywt
import torch
from hypothesis import given
from hypothesis import strategies as st

from services.dit.wavelet import Wavelet, WaveletCorrection, WaveletMode

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


@pytest.mark.parametrize("mode", WaveletMode)
@pytest.mark.parametrize("wavelet", Wavelet)
def test_no_weights_and_no_difference_change_nothing(mode: WaveletMode, wavelet: Wavelet) -> None:
    assert torch.equal(WaveletCorrection(0, 0, mode, wavelet).apply(X, torch.zeros_like(X), 0.5), X)
    assert torch.equal(WaveletCorrection(0.5, 0.5, mode, wavelet).apply(X, X, 0.5), X)


def test_an_odd_length_is_filled_with_zeros() -> None:
    even = torch.cat((X, torch.zeros(1, 1, 3)), dim=1)
    correction = WaveletCorrection(0.3, 0.2)
    padded = correction.apply(even, torch.zeros_like(even), 0.6)
    assert torch.equal(correction.apply(X, torch.zeros_like(X), 0.6), padded[:, :7])


@pytest.mark.parametrize("frames", [1, 2, 7, 16, 131])
@pytest.mark.parametrize("wavelet", Wavelet)
@pytest.mark.parametrize(
    ("mode", "low", "high"),
    [
        (WaveletMode.LOW, 0.6 * 0.3, 0.0),
        (WaveletMode.HIGH, 0.0, 0.4 * 0.2),
        (WaveletMode.DOUBLE, 0.6 * 0.3, 0.4 * 0.2),
        (WaveletMode.PIXEL, 0.3, 0.3),
    ],
)
def test_the_bands_are_those_of_pywavelets(
    frames: int, wavelet: Wavelet, mode: WaveletMode, low: float, high: float
) -> None:
    """One level with zeros beyond the ends; each band of the state moves by its weight away from the clean one's."""
    state, clean = np.random.default_rng(frames).standard_normal((2, 1, frames, 3))
    bands, clean_bands = (pywt.dwt(x, wavelet.value, mode="zero", axis=1) for x in (state, clean))
    approximation, detail = (
        band + weight * (band - of) for band, of, weight in zip(bands, clean_bands, (low, high), strict=True)
    )
    expected = pywt.idwt(approximation, detail, wavelet.value, mode="zero", axis=1)[:, :frames]
    correction = WaveletCorrection(0.3, 0.2, mode, wavelet)
    actual = correction.apply(torch.from_numpy(state).float(), torch.from_numpy(clean).float(), 0.6)
    torch.testing.assert_close(actual, torch.from_numpy(expected).float(), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("wavelet", Wavelet)
@pytest.mark.parametrize(("low", "high", "mode"), [(0.3, 0.0, WaveletMode.LOW), (0.0, 0.2, WaveletMode.HIGH)])
def test_one_weight_alone_is_one_band_alone(low: float, high: float, mode: WaveletMode, wavelet: Wavelet) -> None:
    clean = X.flip(1)
    alone = WaveletCorrection(low, high, wavelet=wavelet).apply(X, clean, 0.6)
    assert torch.equal(alone, WaveletCorrection(0.3, 0.2, mode, wavelet).apply(X, clean, 0.6))
    assert not torch.isclose(alone, WaveletCorrection(0.3, 0.2, wavelet=wavelet).apply(X, clean, 0.6)).all()


@given(st.integers(1, 40), st.sampled_from(Wavelet))
def test_the_low_band_of_a_low_band_is_itself(frames: int, wavelet: Wavelet) -> None:
    """The signal ends before the zeros beyond the ends, so that nothing of its band is cut off."""
    signal = torch.zeros(1, frames + 64, 1)
    signal[:, 32:-32] = torch.randn(frames, 1, generator=torch.Generator().manual_seed(frames))
    low = wavelet.low_band(signal)
    torch.testing.assert_close(wavelet.low_band(low), low, rtol=1e-5, atol=1e-5)
    assert low.square().sum() <= signal.square().sum() * (1 + 1e-5)


@pytest.mark.parametrize(
    ("mode", "acts"),
    [(WaveletMode.LOW, False), (WaveletMode.HIGH, True), (WaveletMode.DOUBLE, True), (WaveletMode.PIXEL, False)],
)
def test_a_weight_acts_where_its_mode_uses_it(mode: WaveletMode, acts: bool) -> None:
    correction = WaveletCorrection(low=0, high=0.5, mode=mode)
    assert correction.acts is acts
    assert torch.equal(correction.apply(X, torch.zeros_like(X), 0.5), X) is not acts
