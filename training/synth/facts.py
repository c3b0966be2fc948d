"""What is known of a clip before a note is written: captions, lyrics and music are all made from it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from training.synth.styles import Style
from training.synth.tempos import BARS_PER_MINUTE, nearest
from training.synth.theory import Key

INSTRUMENTAL_LANGUAGE = "unknown"


class Voice(StrEnum):
    """Who sings."""

    FEMALE = "female"
    MALE = "male"


@dataclass(frozen=True)
class Character:
    """How a style is played, each from 0 to 1: dark to bright, sparse to busy, dry to spacious."""

    brightness: float
    density: float
    space: float


@dataclass(frozen=True)
class Facts:
    """A clip in words and numbers. `instruments` are those of the pitched parts, by role; `voice` is None without song.

    `bpm` is what words say and counts beats: dotted quarters in 6/8. `seconds` is the length.
    """

    style: Style
    bpm: int
    key: Key
    language: str
    seconds: float
    character: Character
    instruments: tuple[tuple[str, str], ...]
    has_drums: bool
    voice: Voice | None

    @property
    def clock(self) -> int:
        """The number of the tempo that the music is played at, of `training.synth.tempos`."""
        return nearest(self.bpm, self.style.beats_per_bar)

    @property
    def beats_per_minute(self) -> float:
        """The tempo that the music is played at, within 2.4 % of `bpm`."""
        return BARS_PER_MINUTE[self.clock] * self.style.beats_per_bar
