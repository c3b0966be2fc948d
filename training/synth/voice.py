"""A singing voice: harmonics behind the formants of a vowel, and noise for consonants.

Formants in Hz follow Peterson and Barney (1952), rounded.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.synth.facts import Voice
from training.synth.tones import Envelope, Sound, Wave, formants, power_law

_FORMANTS = {
    "a": (750, 1150, 2500),
    "e": (520, 1850, 2500),
    "i": (290, 2250, 3000),
    "o": (480, 850, 2450),
    "u": (320, 800, 2300),
}
_FEMALE_SHIFT = 1.16
_CONSONANTS = {"n": (0.0, 0.06), "t": (0.35, 0.03), "s": (0.22, 0.09), "": (0.0, 0.03)}


@dataclass(frozen=True)
class Singer:
    """A voice at the middle of its range, as a MIDI pitch."""

    voice: Voice

    @property
    def centre(self) -> int:
        """The pitch that melodies lie around."""
        return 69 if self.voice is Voice.FEMALE else 57

    def sing(self, hz: float, seconds: float, rate: int, brightness: float, vowel: str, onset: str) -> Sound:
        """A syllable. A plosive or fricative begins with noise, a nasal with a soft rise."""
        shift = _FEMALE_SHIFT if self.voice is Voice.FEMALE else 1.0
        peaks = [
            (shift * centre, 60 + 0.06 * centre, level)
            for centre, level in zip(_FORMANTS[vowel], (1.0, 0.6, 0.35), strict=True)
        ]
        hiss, attack = _CONSONANTS[onset]
        wave = Wave(
            formants(power_law(0.8), *peaks),
            Envelope(attack, 0.5, 0.85, 0.09),
            (6000, 5000),
            vibrato=0.25 if seconds > 0.35 else 0.08,
            breath=0.02,
        )
        sound = wave.play(hz, seconds, rate, brightness)
        if hiss:
            samples = min(int(attack * rate), len(sound))
            noise = np.diff(np.random.default_rng(int(hz)).standard_normal(samples + 1))
            sound[:samples] += hiss * noise.astype(np.float32) * np.hanning(samples).astype(np.float32)
        return sound
