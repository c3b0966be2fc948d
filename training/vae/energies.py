"""Latents that say how loud a band is: those of drums and basses, and each of the twelve pitch classes.

Products with windows of music swing around zero whatever the song is, so where there is still much noise a model can
tell neither beat nor key from them, nor guess them. A loudness has a mean to guess: it is learned first, and the rest
by it. A Snake of the frequency one squares small products and levels large ones, so an encoder can say loudnesses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.vae.windows import Matrix, products

# Lowest and highest hertz of a band and how many frequencies it is heard at: kicks and basses, snares, cymbals.
_BANDS = ((37.5, 112.5, 7), (125.0, 250.0, 6), (1200.0, 4000.0, 12), (6000.0, 11000.0, 12))
_PITCHES, _LOWEST_PITCH, _OCTAVES = 12, 261.63, 3
# All loudnesses, and the products that they are heard by: a cosine and a sine of each frequency.
ENERGIES = len(_BANDS) + _PITCHES
DETECTORS = 2 * (sum(count for *_, count in _BANDS) + _PITCHES * _OCTAVES)
# Logarithm of what the Snakes divide squares by: these then drown the products that they are added to.
DEPTH = -4.0
# Deviation of the loudnesses, above that of other latents: they come out of the noise first.
_DEVIATION = 1.3
# Share of the frames whose power in a band is below the one that half of the Snake's range is spent on.
_USUAL = 0.75
# Weights of three frames: beats are told apart by single ones, pitches by more of them.
_SHARP, _SMOOTH = (0.0, 1.0, 0.0), (0.25, 0.5, 0.25)


@dataclass(frozen=True)
class Detectors:
    """Windows [2 hop, 2 (middle, side), detectors] whose products are squared, weights of the squares in three frames
    [loudnesses, detectors, 3], and what is added to the sums [loudnesses]."""

    windows: Matrix
    sums: Matrix
    offsets: Matrix

    def energies(self, windows: Matrix) -> Matrix:
        """Loudnesses [frames, loudnesses] of windows of music [2 (middle, side), frames, 2 hop]."""
        heard = products(windows, self.windows)
        squares = np.pad(heard + np.sin(heard) ** 2 / np.exp(DEPTH), ((1, 1), (0, 0)))
        frames = np.stack([squares[tap : tap + len(heard)] for tap in range(3)], axis=2)
        loudnesses: Matrix = np.einsum("fdk,ldk->fl", frames, self.sums, optimize=True) + self.offsets
        return loudnesses


def listen(music: Sequence[Matrix], hop: int, rate: int) -> Detectors:
    """Detectors whose loudnesses are of mean zero and even deviation over windows of music [2, frames, 2 hop]."""
    octaves = [_LOWEST_PITCH * 2.0 ** (octave + np.arange(_PITCHES) / _PITCHES) for octave in range(_OCTAVES)]
    groups = [*(np.linspace(*band) for band in _BANDS), *octaves]
    middle = np.concatenate([_at_usual_power(_pairs(group, hop, rate), music) for group in groups], axis=1)
    windows = np.stack((middle, np.zeros_like(middle)), axis=1)
    plain = Detectors(windows, _sums(), np.zeros(ENERGIES))
    found = np.concatenate([plain.energies(piece) for piece in music])
    scales = _DEVIATION / (found.std(axis=0) + 1e-6)
    return Detectors(windows, plain.sums * scales[:, None, None], -found.mean(axis=0) * scales)


def _pairs(hertz: Matrix, hop: int, rate: int) -> Matrix:
    """Windows [2 hop, 2 * frequencies] of unit energy: cosine and sine of each."""
    time = np.arange(2 * hop)[:, None] + 0.5
    window = np.sin(np.pi * time / (2 * hop)) / np.sqrt(hop / 2)
    phases = 2 * np.pi * hertz * (time - hop) / rate
    return np.stack((window * np.cos(phases), window * np.sin(phases)), axis=2).reshape(2 * hop, -1)


def _at_usual_power(windows: Matrix, music: Sequence[Matrix]) -> Matrix:
    """Windows whose products with the middle have a mean square of one half at the usual power."""
    powers = np.concatenate([((middle @ windows) ** 2).mean(axis=1) for middle, _ in music])
    scaled: Matrix = windows / np.sqrt(2 * np.quantile(powers, _USUAL) + 1e-12)
    return scaled


def _sums() -> Matrix:
    """Means over the detectors of each band, and over those of each pitch class in all octaves."""
    counts = [2 * count for *_, count in _BANDS]
    first_pitch = sum(counts)
    sums = np.zeros((ENERGIES, DETECTORS, 3))
    for band, count in enumerate(counts):
        first = sum(counts[:band])
        sums[band, first : first + count] = np.array(_SHARP) / count
    for pitch in range(_PITCHES):
        for octave in range(_OCTAVES):
            first = first_pitch + 2 * (octave * _PITCHES + pitch)
            sums[len(_BANDS) + pitch, first : first + 2] = np.array(_SMOOTH) / (2 * _OCTAVES)
    return sums
