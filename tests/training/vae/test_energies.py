"""Loudnesses among the latents: which band and which pitch is heard, and when."""

import numpy as np
import pytest

from training.vae.energies import ENERGIES, Detectors, listen
from training.vae.windows import Samples, windows_of

RATE, HOP = 24_000, 960
FRAMES_PER_SECOND = RATE // HOP
KICK, SNARE, CYMBAL, FIRST_PITCH = 0, 2, 3, 4


def tone(hertz: float, loudness: float = 0.2, seconds: float = 2.0) -> Samples:
    wave = loudness * np.sin(2 * np.pi * hertz * np.arange(int(seconds * RATE)) / RATE)
    return np.stack((wave, wave), axis=1).astype(np.float32)


def noise(seed: int, seconds: float = 2.0) -> Samples:
    return np.random.default_rng(seed).normal(0, 0.1, (int(seconds * RATE), 2)).astype(np.float32)


@pytest.fixture(scope="module")
def detectors() -> Detectors:
    """Fitted to tones of every pitch and to noise."""
    pieces = [tone(261.63 * 2 ** (number / 12)) + noise(number) for number in range(24)]
    return listen([windows_of(piece, HOP) for piece in pieces], HOP, RATE)


def loudnesses(detectors: Detectors, pcm: Samples) -> np.ndarray:
    return detectors.energies(windows_of(pcm, HOP))[2:-2]


@pytest.mark.parametrize("semitone", range(12))
@pytest.mark.parametrize("octave", [1, 2])
def test_the_loudest_pitch_is_the_one_that_is_played(detectors: Detectors, semitone: int, octave: int) -> None:
    heard = loudnesses(detectors, tone(261.63 * 2 ** (octave + semitone / 12))).mean(axis=0)
    assert heard[FIRST_PITCH:].argmax() == semitone


@pytest.mark.parametrize(("hertz", "band"), [(60, KICK), (2500, SNARE), (8000, CYMBAL)])
def test_a_band_is_louder_the_louder_what_it_hears(detectors: Detectors, hertz: float, band: int) -> None:
    random = np.random.default_rng(0)
    phases = hertz * (1 + 0.2 * random.uniform(-1, 1, 40))
    found = [
        float(loudnesses(detectors, sum((tone(each, loudness / 40) for each in phases), tone(0))).mean(axis=0)[band])
        for loudness in (0.0, 0.05, 0.2)
    ]
    assert found == sorted(found)
    assert found[-1] > found[0] + 0.3


def test_a_beat_is_heard_where_it_falls(detectors: Detectors) -> None:
    pcm = np.zeros((2 * RATE, 2), np.float32)
    pcm[RATE : RATE + RATE // 10] = tone(60, 0.5, 0.1)
    heard = loudnesses(detectors, pcm)[:, KICK]
    assert abs(int(heard.argmax()) + 2 - FRAMES_PER_SECOND) <= 2


def test_the_loudnesses_of_the_music_they_were_fitted_to_are_even(detectors: Detectors) -> None:
    pieces = [tone(261.63 * 2 ** (number / 12)) + noise(number) for number in range(24)]
    found = np.concatenate([detectors.energies(windows_of(piece, HOP)) for piece in pieces])
    assert found.shape[1] == ENERGIES
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(found.std(axis=0), 1.3, rtol=1e-3)
