"""A piece of music as notes. Times are in beats from its start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from training.synth.facts import Facts
from training.synth.theory import Chord


@dataclass(frozen=True)
class Note:
    """A MIDI pitch that is held for some beats, at a loudness from 0 to 1."""

    start: float
    length: float
    pitch: int
    velocity: float = 0.8


@dataclass(frozen=True)
class Hit:
    """A stroke on a drum."""

    start: float
    drum: str
    velocity: float


@dataclass(frozen=True)
class Sung:
    """A note with the vowel and the consonant class that it begins with."""

    note: Note
    vowel: str
    onset: str


@dataclass(frozen=True)
class TimedLine:
    """A line of the lyrics, and when it is sung."""

    text: str
    start: float
    end: float


@dataclass(frozen=True)
class Section:
    """A part of the form: its tag as lyrics write it, its kind, and a chord for each bar from `first_bar` on."""

    tag: str
    kind: str
    first_bar: int
    chords: tuple[Chord, ...]

    @property
    def bars(self) -> int:
        """Length in bars."""
        return len(self.chords)


@dataclass(frozen=True)
class Score:
    """A whole piece. `parts` are the notes of each pitched role, `sung` those of the voice."""

    facts: Facts
    sections: tuple[Section, ...]
    parts: tuple[tuple[str, tuple[Note, ...]], ...]
    hits: tuple[Hit, ...]
    sung: tuple[Sung, ...]

    @property
    def bars(self) -> int:
        """Length in bars."""
        return sum(section.bars for section in self.sections)


def repeated(rhythm: str, steps: int) -> Sequence[str]:
    """A rhythm string over so many steps."""
    return [rhythm[step % len(rhythm)] for step in range(steps)]


LOUDNESS = {"X": 1.0, "x": 0.8, "o": 0.45}
