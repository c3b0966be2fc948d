"""Melodies: phrases of two bars that repeat, for instruments and for words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.synth.accompaniment import beat_of
from training.synth.facts import Facts
from training.synth.score import Note, Section
from training.synth.theory import Chord, Key

PHRASE_BARS = 2
_STEPS = (-2, -1, -1, 0, 1, 1, 2)
_RANGE = 4
# Steps of a rhythm between two places where a note of a melody may begin.
_EIGHTH = 2


@dataclass(frozen=True)
class Phrase:
    """Steps of the grid at which notes begin, and the degree of the scale of each, relative to the middle one."""

    steps: tuple[int, ...]
    degrees: tuple[int, ...]


def draw_phrase(random: np.random.Generator, facts: Facts, notes: int | None = None) -> Phrase:
    """A phrase of a given number of notes, or of as many as the character has."""
    steps = PHRASE_BARS * facts.style.steps_per_bar
    places = np.arange(0, steps - steps // 6, _EIGHTH)
    if notes is None:
        notes = max(3, round(len(places) * (0.25 + 0.4 * facts.character.density)))
    if notes > len(places):
        places = np.arange(steps - steps // 8)
    beats = facts.style.steps_per_beat
    likely = np.where(places % beats == 0, 3.0, 1.0)
    likely[0] = 100.0
    notes = min(notes, len(places))
    chosen = np.sort(random.choice(places, notes, replace=False, p=likely / likely.sum()))
    degrees = [int(random.choice((0, 2, 4)))]
    for _ in range(notes - 1):
        step = int(random.choice(_STEPS))
        degrees.append(degrees[-1] + (step if abs(degrees[-1] + step) <= _RANGE else -step))
    return Phrase(tuple(chosen.tolist()), tuple(degrees))


def place_phrase(facts: Facts, phrase: Phrase, section: Section, bar: int, centre: int) -> list[Note]:
    """The notes of a phrase from a bar of a section on; those on beats become notes of the chord."""
    style, notes = facts.style, []
    first = (section.first_bar + bar) * style.beats_per_bar
    end = PHRASE_BARS * style.beats_per_bar
    starts = [beat_of(style, step) for step in phrase.steps]
    for number, (step, degree) in enumerate(zip(phrase.steps, phrase.degrees, strict=True)):
        ends = starts[number + 1] if number + 1 < len(starts) else end
        length = min(ends - starts[number], 1.5 if number + 1 < len(starts) else 2.0)
        chord = section.chords[min(bar + step // style.steps_per_bar, section.bars - 1)]
        pitch = _pitch(facts.key, degree, centre)
        strong = step % style.steps_per_beat == 0 or number == len(starts) - 1
        if strong:
            pitch = _chord_tone(chord, pitch)
        if bar + step // style.steps_per_bar < section.bars:
            notes.append(Note(first + starts[number], 0.95 * length, pitch, 0.9 if strong else 0.75))
    return notes


def write_melody(
    random: np.random.Generator, facts: Facts, sections: Sequence[Section], kinds: set[str], centre: int
) -> tuple[Note, ...]:
    """An instrument's melody in some kinds of section: phrases in the order A A B A."""
    phrases = {kind: (draw_phrase(random, facts), draw_phrase(random, facts)) for kind in sorted(kinds)}
    notes: list[Note] = []
    for section in sections:
        if section.kind not in kinds:
            continue
        for number, bar in enumerate(range(0, section.bars, PHRASE_BARS)):
            main, other = phrases[section.kind]
            notes += place_phrase(facts, other if number % 4 == 2 else main, section, bar, centre)
    return tuple(notes)


def write_reel(random: np.random.Generator, facts: Facts, sections: Sequence[Section], centre: int) -> tuple[Note, ...]:
    """A tune that never rests, as jigs have it: three notes a beat."""
    style = facts.style
    steps = range(0, PHRASE_BARS * style.steps_per_bar, _EIGHTH)
    phrases = []
    for _ in range(2):
        drawn = draw_phrase(random, facts, len(steps)).degrees
        phrases.append(Phrase(tuple(steps)[: len(drawn)], drawn))
    return tuple(
        note
        for section in sections
        if section.kind != "intro"
        for number, bar in enumerate(range(0, section.bars, PHRASE_BARS))
        for note in place_phrase(facts, phrases[number % 4 == 2], section, bar, centre)
    )


def _pitch(key: Key, degree: int, centre: int) -> int:
    """A degree above or below the tonic that is nearest to a centre."""
    octave = round((centre - key.tonic) / 12) - 1
    return key.pitch(degree, octave)


def _chord_tone(chord: Chord, pitch: int) -> int:
    return min(chord.voicing(pitch), key=lambda candidate: abs(candidate - pitch))
