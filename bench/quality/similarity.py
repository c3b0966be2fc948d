"""How near two recordings are, in waveform, spectrum, harmony and rhythm. Of one rate; the shorter length counts."""

from __future__ import annotations

import librosa
import numpy as np
import torch

from bench.quality.recordings import HEARD_RATE, heard, is_silent
from bench.quality.tempo import HOP
from quartet.cli.audio import Recording, Samples
from training.vae.losses import LossWeights, si_sdr, spectral_distance

# A dead recording against a sounding one would be at minus infinity, which no mean survives.
_LOWEST_DB = -60.0
# Width of the window that onsets are smoothed over: some 0.1 s.
_SMOOTHING_HOPS = 11


def si_sdr_db(found: Recording, wanted: Recording) -> float:
    """Scale-invariant signal-to-distortion ratio over all channels, in dB, at least -60."""
    ratio = float(si_sdr(*_pair(found, wanted)))
    return max(ratio, _LOWEST_DB) if np.isfinite(ratio) or ratio > 0 else _LOWEST_DB


def si_sdr_improvement_db(found: Recording, wanted: Recording, mixture: Recording) -> float:
    """How much nearer an extracted part is to the true one than the mixture was, in dB."""
    return si_sdr_db(found, wanted) - si_sdr_db(mixture, wanted)


def stft_distance(found: Recording, wanted: Recording) -> float:
    """Multi-resolution distance of magnitudes, relative plus logarithmic, of middle and sides; 0 where equal."""
    return float(spectral_distance(*_pair(found, wanted), LossWeights().windows))


def chroma_similarity(one: Recording, other: Recording) -> float:
    """Mean cosine of two chromagrams that are smoothed over about a second, frame by frame, from 0 to 1.

    Silence is like nothing. Unrelated music does not reach 0: compare with what chance gives.
    """
    pair = [heard(one), heard(other)]
    if any(is_silent(mono) for mono in pair):
        return 0.0
    shorter = min(map(len, pair))
    # Each frame has the norm 1.
    chromas = [librosa.feature.chroma_cens(y=mono[:shorter], sr=HEARD_RATE) for mono in pair]
    return float((chromas[0] * chromas[1]).sum(axis=0).mean())


def onset_correlation(one: Recording, other: Recording) -> float:
    """Correlation of how strongly notes and beats set in, within some 20 ms, from -1 to 1; 0 where nothing does."""
    pair = [heard(one), heard(other)]
    shorter = min(map(len, pair))
    onsets = [librosa.onset.onset_strength(y=mono[:shorter], sr=HEARD_RATE, hop_length=HOP) for mono in pair]
    smooth = [np.convolve(strengths, np.hanning(_SMOOTHING_HOPS), mode="same") for strengths in onsets]
    if any(np.ptp(strengths) == 0 for strengths in smooth):
        return 0.0
    return float(np.corrcoef(smooth)[0, 1])


def distance_db(found: Samples, wanted: Samples) -> float:
    """Energy of the difference over that of what was wanted, in dB; -120 where equal."""
    error = float(np.square(found - wanted, dtype=np.float64).sum())
    signal = float(np.square(wanted, dtype=np.float64).sum())
    return 10 * float(np.log10((error + 1e-12) / (signal + 1e-12))) if error else -120.0


def _pair(found: Recording, wanted: Recording) -> tuple[torch.Tensor, torch.Tensor]:
    """Both as [1, samples, channels] of the shorter length."""
    if found.sample_rate != wanted.sample_rate:
        raise ValueError(f"recordings of {found.sample_rate} and {wanted.sample_rate} Hz; resample one of them")
    shorter = min(len(found.samples), len(wanted.samples))
    one, other = (torch.from_numpy(part.samples[:shorter].astype(np.float32))[None] for part in (found, wanted))
    return one, other
