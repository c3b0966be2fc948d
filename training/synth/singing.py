"""Words on a melody: a syllable a note, a line every two bars."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from training.synth.facts import Facts
from training.synth.lyrics import LyricSection
from training.synth.melody import PHRASE_BARS, draw_phrase, place_phrase
from training.synth.score import Section, Sung, TimedLine

_SUNG = ("verse", "chorus", "bridge")


def lines_to_sing(sections: Sequence[Section]) -> tuple[tuple[str, int], ...]:
    """Tags of the form, and how many lines fit into each section."""
    return tuple((section.tag, section.bars // PHRASE_BARS if section.kind in _SUNG else 0) for section in sections)


def sing(
    random: np.random.Generator, facts: Facts, sections: Sequence[Section], lyrics: Sequence[LyricSection], centre: int
) -> tuple[tuple[Sung, ...], tuple[TimedLine, ...]]:
    """Notes of all lines, and when each is sung. Equal words have equal melodies, as choruses do."""
    phrases = {}
    sung: list[Sung] = []
    timed: list[TimedLine] = []
    for section, words in zip(sections, lyrics, strict=True):
        for number, line in enumerate(words.lines):
            if line.text not in phrases:
                phrases[line.text] = draw_phrase(random, facts, len(line.syllables))
            notes = place_phrase(facts, phrases[line.text], section, number * PHRASE_BARS, centre)
            sung += [
                Sung(note, syllable.vowel, syllable.onset)
                for note, syllable in zip(notes, line.syllables, strict=False)
            ]
            timed.append(TimedLine(line.text, notes[0].start, notes[-1].start + notes[-1].length))
    return tuple(sung), tuple(timed)
