"""Keys, scales and chords as MIDI pitches."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

NOTE_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_STEPS = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
_LEADING_TONE = 11
_DOMINANT = 4


class Mode(StrEnum):
    """Which seven of the twelve notes a key uses."""

    MAJOR = "major"
    MINOR = "minor"


@dataclass(frozen=True)
class Key:
    """A tonic, 0 for C to 11 for B, and a mode."""

    tonic: int
    mode: Mode

    def __str__(self) -> str:
        return f"{NOTE_NAMES[self.tonic]} {self.mode}"

    def pitch(self, degree: int, octave: int) -> int:
        """MIDI pitch of a degree, counted from 0 at the tonic and on through further octaves; octave 4 has middle C."""
        octaves, step = divmod(degree, 7)
        return 12 * (octave + octaves + 1) + self.tonic + _STEPS[self.mode][step]

    def chord(self, degree: int, notes: int = 3) -> Chord:
        """The chord of so many thirds above a degree. The dominant of a minor key takes the leading tone."""
        steps = [degree + 2 * third for third in range(notes)]
        pitches = [self.pitch(step, 0) for step in steps]
        if self.mode is Mode.MINOR and degree % 7 == _DOMINANT:
            pitches[1] = self.pitch(degree - 4, 0) + _LEADING_TONE
        return Chord(degree % 7, tuple(pitch % 12 for pitch in pitches))


@dataclass(frozen=True)
class Chord:
    """Pitch classes, root first, and the degree of the scale that it stands on."""

    degree: int
    pitch_classes: tuple[int, ...]

    @property
    def root(self) -> int:
        """Pitch class of the root."""
        return self.pitch_classes[0]

    def fifth(self) -> int:
        """Pitch class of the fifth."""
        return self.pitch_classes[2]

    def voicing(self, centre: int) -> tuple[int, ...]:
        """Each note in the octave around a MIDI pitch, rising: neighbouring chords then move little."""
        return tuple(sorted(nearest(pitch_class, centre) for pitch_class in self.pitch_classes))


def nearest(pitch_class: int, centre: int) -> int:
    """The MIDI pitch of a class that is closest to a centre."""
    return centre + (pitch_class - centre + 6) % 12 - 6


def frequency(pitch: float) -> float:
    """Hertz of a MIDI pitch, A4 = 440."""
    return float(440 * 2 ** ((pitch - 69) / 12))
