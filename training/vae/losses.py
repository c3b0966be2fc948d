"""What the codec is trained for: waveforms and spectra near the original, and latents near a unit normal."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch.nn import functional

from services.vae.model import Posterior

# Spectra below this magnitude count as silence: noise there is not heard, but its logarithm would dominate.
_SILENCE = 1e-4
# Energy per sample below which errors hardly count: -40 dB of full scale. Else the quietest pieces would lead.
_FAINT = 1e-4
# Half the sample rate in units of what separates linear from logarithmic on the mel scale, and bins to a band.
_STRETCH = 17.0
_BINS_PER_BAND = 16


@dataclass(frozen=True)
class LossWeights:
    """How much each part of the loss counts."""

    waveform: float = 0.1
    spectrum: float = 1.0
    divergence: float = 5e-3
    windows: tuple[int, ...] = (2048, 1024, 512, 256, 128)


def waveform_error(found: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Energy of the error over that of the signal in dB, mean over items of [batch, samples, channels].

    The negative of the signal-to-distortion ratio; the gain counts, so that loudness is kept too.
    """
    error = (found - wanted).square().mean(dim=(1, 2))
    signal = wanted.square().mean(dim=(1, 2))
    return 10 * torch.log10((error + _FAINT) / (signal + _FAINT)).mean()


def spectral_distance(found: torch.Tensor, wanted: torch.Tensor, windows: tuple[int, ...]) -> torch.Tensor:
    """Distance of magnitudes, relative and logarithmic, and of the levels of bands, mean over window lengths, of
    [batch, samples, 2 or 1].

    Stereo is compared as middle and sides, so that the width of the image counts. Bands are as narrow as hearing tells
    apart: what cannot be rebuilt tone by tone is at least as loud as it was, or else a codec becomes dull.
    """
    pair = torch.stack([_middle_and_sides(found), _middle_and_sides(wanted)])
    total = pair.new_zeros(())
    for window in windows:
        magnitudes = _magnitudes(pair, window)
        ours, theirs = magnitudes
        relative = (ours - theirs).norm() / theirs.norm().clamp(min=_SILENCE)
        logarithmic = ((ours + _SILENCE).log() - (theirs + _SILENCE).log()).abs().mean()
        bands = _bands(window, pair.device)
        levels = ((magnitudes.square() @ bands).sqrt() + _SILENCE).log()
        total = total + relative + logarithmic + (levels[0] - levels[1]).abs().mean()
    return total / len(windows)


def divergence(posterior: Posterior) -> torch.Tensor:
    """Kullback-Leibler divergence from the unit normal, mean over latent values, in nats."""
    variance = posterior.std.square()
    return 0.5 * (posterior.mean.square() + variance - 1 - variance.log()).mean()


def si_sdr(found: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Scale-invariant signal-to-distortion ratio in dB of each item of [batch, samples, channels]."""
    found, wanted = found.flatten(1).double(), wanted.flatten(1).double()
    gain = (found * wanted).sum(1, keepdim=True) / wanted.square().sum(1, keepdim=True)
    target = gain * wanted
    return 10 * torch.log10(target.square().sum(1) / (found - target).square().sum(1))


def _middle_and_sides(pcm: torch.Tensor) -> torch.Tensor:
    """[batch * channels, samples]; mono stays as it is."""
    if pcm.shape[2] != 2:
        return pcm.transpose(1, 2).flatten(0, 1)
    left, right = pcm.unbind(2)
    return torch.cat([left + right, left - right]) / math.sqrt(2)


def _magnitudes(pcm: torch.Tensor, window: int) -> torch.Tensor:
    """[2, rows, frames, bins] of [2, rows, samples], scaled so that full scale is about 1 at any window length."""
    taper = torch.hann_window(window, device=pcm.device)
    spectrum = torch.stft(
        pcm.flatten(0, 1), window, window // 4, window=taper, return_complex=True, pad_mode="constant"
    )
    power = torch.view_as_real(spectrum).square().sum(-1)
    return ((power + 1e-12).sqrt() * (2 / window)).view(*pcm.shape[:2], *power.shape[1:]).transpose(-1, -2)


@lru_cache
def _bands(window: int, device: torch.device) -> torch.Tensor:
    """Which bins [bins, bands] bands take the mean power of: of one width below, of one ratio above, as on the mel
    scale."""
    bins = torch.arange(window // 2 + 1)
    places = torch.log1p(_STRETCH * bins / (window // 2)) / math.log1p(_STRETCH)
    count = window // _BINS_PER_BAND
    members = functional.one_hot((places * count).long().clamp(max=count - 1), count).float()
    return (members / members.sum(0).clamp(min=1)).to(device)
