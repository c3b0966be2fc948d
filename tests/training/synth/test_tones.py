"""Instruments play the pitch that they are asked for, and voices the vowel."""

import numpy as np
import pytest
from scipy.signal import correlate

from training.synth.drums import KITS
from training.synth.facts import Voice
from training.synth.instruments import INSTRUMENTS
from training.synth.theory import frequency
from training.synth.tones import Sound
from training.synth.voice import Singer

RATE = 24_000


def pitch_of(sound: Sound, expected: float) -> float:
    """Hertz by autocorrelation, within a fourth around what is expected."""
    whole = correlate(sound, sound, method="fft")[len(sound) - 1 :]
    shortest, longest = int(RATE / expected / 1.33), int(RATE / expected * 1.33) + 2
    at = shortest + int(np.argmax(whole[shortest:longest]))
    before, here, after = whole[at - 1 : at + 2]
    return float(RATE / (at + 0.5 * (before - after) / (before - 2 * here + after)))


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_an_instrument_is_in_tune(name: str) -> None:
    instrument = INSTRUMENTS[name]
    for pitch in (instrument.centre - 5, instrument.centre + 4):
        sound = instrument.tone.play(frequency(pitch), 0.6, RATE, brightness=0.5)
        cents = 1200 * np.log2(pitch_of(sound[: RATE // 2], frequency(pitch)) / frequency(pitch))
        assert abs(cents) < 20


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_a_note_is_finite_audible_and_ends_in_silence(name: str) -> None:
    tone = INSTRUMENTS[name].tone
    sound = tone.play(frequency(INSTRUMENTS[name].centre), 0.3, RATE, brightness=0.9)
    assert np.isfinite(sound).all()
    assert 0.1 < np.sqrt(np.mean(sound[: RATE // 4] ** 2)) < 1.5
    assert abs(sound[-3:]).max() < 0.01


def test_brightness_moves_energy_up() -> None:
    def centroid(brightness: float) -> float:
        spectrum = np.abs(np.fft.rfft(INSTRUMENTS["synth stab"].tone.play(220, 0.5, RATE, brightness)))
        return float((spectrum * np.arange(len(spectrum))).sum() / spectrum.sum())

    assert centroid(0.1) < centroid(0.5) < centroid(0.9)


def test_vowels_have_their_formants() -> None:
    singer = Singer(Voice.MALE)

    def level(vowel: str, low: float, high: float) -> float:
        sound = singer.sing(110, 0.6, RATE, 0.5, vowel, "")
        spectrum = np.abs(np.fft.rfft(sound)) ** 2
        hz = np.fft.rfftfreq(len(sound), 1 / RATE)
        return float(spectrum[(hz > low) & (hz < high)].sum() / spectrum.sum())

    assert level("i", 1900, 2700) > 3 * level("u", 1900, 2700)
    assert level("a", 600, 1300) > 2 * level("i", 600, 1300)


def test_a_plosive_begins_with_noise() -> None:
    singer = Singer(Voice.FEMALE)
    plosive, vowel = (singer.sing(440, 0.4, RATE, 0.5, "a", onset) for onset in ("t", ""))
    start = slice(0, int(0.02 * RATE))
    assert np.abs(np.diff(plosive[start])).mean() > 1.5 * np.abs(np.diff(vowel[start])).mean()


@pytest.mark.parametrize("kit", KITS)
def test_kick_is_low_and_hat_is_high(kit: str) -> None:
    def share_below(name: str, edge: float) -> float:
        sound = KITS[kit][name].hit(RATE, brightness=0.5)
        spectrum = np.abs(np.fft.rfft(sound)) ** 2
        return float(spectrum[np.fft.rfftfreq(len(sound), 1 / RATE) < edge].sum() / spectrum.sum())

    assert share_below("kick", 250) > 0.8
    assert share_below("hat", 3000) < 0.1
