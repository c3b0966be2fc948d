"""The form of a piece: sections with tags, and a chord for every bar."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from training.synth.facts import Facts
from training.synth.score import Section
from training.synth.styles import Progression
from training.synth.theory import Chord

# Kinds of section for so many units of bars; a unit is four bars, or two where a piece has less than four.
_FORMS = (
    ("verse",),
    ("verse", "chorus"),
    ("intro", "verse", "chorus"),
    ("intro", "verse", "chorus", "outro"),
    ("intro", "verse", "chorus", "verse", "chorus"),
    ("intro", "verse", "chorus", "verse", "chorus", "outro"),
    ("intro", "verse", "chorus", "verse", "bridge", "chorus", "outro"),
    ("intro", "verse", "chorus", "verse", "chorus", "bridge", "chorus", "outro"),
)
_GROWING = ("verse", "chorus", "bridge")


def write_form(random: np.random.Generator, facts: Facts) -> tuple[Section, ...]:
    """Sections that fill the length of a piece in whole bars. The last bar is on the tonic."""
    bars = max(round(facts.seconds * facts.beats_per_minute / 60 / facts.style.beats_per_bar), 1)
    unit = 4 if bars >= 4 else 2 if bars >= 2 else 1
    kinds = _FORMS[min(bars // unit, len(_FORMS)) - 1]
    lengths = _lengths(kinds, bars, unit)
    progressions = facts.style.progressions(facts.key.mode)
    chosen = random.permutation(len(progressions))
    verse, chorus = progressions[chosen[0]], progressions[chosen[-1]]
    sections: list[Section] = []
    for number, (kind, length) in enumerate(zip(kinds, lengths, strict=True)):
        chords = _chords(facts, chorus if kind == "chorus" else verse, length, last=number == len(kinds) - 1)
        first = sum(section.bars for section in sections)
        sections.append(Section(_tag(kind, kinds[: number + 1]), kind, first, chords))
    return tuple(sections)


def _lengths(kinds: Sequence[str], bars: int, unit: int) -> list[int]:
    """Bars of each section: a unit at first, then more units for those that bear it; what is left goes to the last."""
    lengths = [unit] * len(kinds)
    spare = bars - sum(lengths)
    growing = [number for number, kind in enumerate(kinds) if kind in _GROWING]
    at = 0
    while spare >= unit and growing:
        lengths[growing[at % len(growing)]] += unit
        spare -= unit
        at += 1
    lengths[-1] += spare
    return lengths


def _chords(facts: Facts, progression: Progression, bars: int, *, last: bool) -> tuple[Chord, ...]:
    degrees = [progression[bar % len(progression)] for bar in range(bars)]
    if last:
        degrees[-1] = 0
    return tuple(facts.key.chord(degree, facts.style.chord_notes) for degree in degrees)


def _tag(kind: str, kinds: Sequence[str]) -> str:
    return f"Verse {kinds.count('verse')}" if kind == "verse" else kind.capitalize()
