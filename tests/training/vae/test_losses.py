"""The losses measure what they say."""

from __future__ import annotations

import pytest
import torch

from services.vae.model import Posterior
from training.vae.losses import divergence, si_sdr, spectral_distance, waveform_error

WINDOWS = (256, 64)


@pytest.fixture
def pcm() -> torch.Tensor:
    return 0.3 * torch.randn(2, 2_000, 2, generator=torch.Generator().manual_seed(0))


def test_ratios_are_in_decibels(pcm: torch.Tensor) -> None:
    noise = torch.randn(pcm.shape, generator=torch.Generator().manual_seed(1))
    noisy = pcm + 0.03 * noise
    assert float(waveform_error(noisy, pcm)) == pytest.approx(-20, abs=0.6)
    torch.testing.assert_close(si_sdr(noisy, pcm), torch.full((2,), 20.0, dtype=torch.float64), atol=0.5, rtol=0)


def test_scale_counts_in_the_loss_alone(pcm: torch.Tensor) -> None:
    assert float(waveform_error(0.5 * pcm, pcm)) == pytest.approx(-6.02, abs=0.05)
    assert float(si_sdr(0.5 * pcm, pcm).min()) > 60


def test_spectra_of_equal_sounds_are_equal(pcm: torch.Tensor) -> None:
    assert float(spectral_distance(pcm, pcm, WINDOWS)) == 0
    assert float(spectral_distance(0.5 * pcm, pcm, WINDOWS)) > 0.5


def test_spectra_do_not_hear_phase_but_the_stereo_image(pcm: torch.Tensor) -> None:
    assert float(spectral_distance(-pcm, pcm, WINDOWS)) == 0
    one_side_inverted = pcm * torch.tensor([1.0, -1.0])
    assert float(spectral_distance(one_side_inverted, pcm, WINDOWS)) > 0.1
    mono = pcm[..., :1]
    assert float(spectral_distance(-mono, mono, WINDOWS)) == 0


def test_dullness_costs_more_than_highs_that_are_others() -> None:
    """What cannot be rebuilt is at least as loud as it was."""
    tones, highs, others = (
        torch.randn(1, 8_000, 1, generator=torch.Generator().manual_seed(seed)) for seed in range(3)
    )
    low = 0.1 * torch.nn.functional.avg_pool1d(tones.mT, 15, stride=1, padding=7).mT
    wanted = low + 0.01 * highs
    assert float(spectral_distance(low, wanted, WINDOWS)) > 1.2 * float(
        spectral_distance(low + 0.01 * others, wanted, WINDOWS)
    )


def test_silence_has_finite_losses_and_gradients() -> None:
    found = torch.zeros(1, 2_000, 2, requires_grad=True)
    silence = torch.zeros(1, 2_000, 2)
    loss = waveform_error(found, silence) + spectral_distance(found, silence, WINDOWS)
    loss.backward()  # type: ignore[no-untyped-call]
    assert found.grad is not None
    assert bool(torch.isfinite(found.grad).all())


def test_the_unit_normal_has_no_divergence() -> None:
    mean, std = torch.tensor([0.5, -1.0]), torch.tensor([0.5, 2.0])
    wanted = torch.distributions.kl_divergence(torch.distributions.Normal(mean, std), torch.distributions.Normal(0, 1))
    torch.testing.assert_close(divergence(Posterior(mean, std)), wanted.mean())
    assert float(divergence(Posterior(torch.zeros(3), torch.ones(3)))) == 0
