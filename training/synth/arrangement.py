"""Who plays what: the pitched parts of a piece, and the same piece in another style."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from training.synth.accompaniment import write_bass, write_chords, write_drums
from training.synth.facts import Character, Facts, Voice
from training.synth.instruments import INSTRUMENTS
from training.synth.melody import write_melody, write_reel
from training.synth.score import Note, Score, Section
from training.synth.styles import STYLES, Line, Style

_OCTAVE = 12
Parts = tuple[tuple[str, tuple[Note, ...]], ...]


def draw_character(random: np.random.Generator) -> Character:
    """How a style is played."""
    return Character(*(float(value) for value in random.random(3)))


def draw_instruments(random: np.random.Generator, style: Style, voice: Voice | None) -> tuple[tuple[str, str], ...]:
    """An instrument for each role of a style. A voice takes the place of the one that leads."""
    return tuple(
        (role, str(random.choice(line.instruments)))
        for role, line in style.lines().items()
        if role != "lead" or voice is None
    )


def write_parts(random: np.random.Generator, facts: Facts, sections: Sequence[Section]) -> Parts:
    """The notes of each role."""
    lines = facts.style.lines()
    return tuple((role, _part(random, facts, lines[role], name, sections)) for role, name in facts.instruments)


def tempo_in(facts: Facts, style: Style) -> int:
    """Beats per minute of a style whose bars last as long."""
    return round(facts.beats_per_minute / facts.style.beats_per_bar * style.beats_per_bar)


def in_another_style(random: np.random.Generator, score: Score, among: Sequence[Style] = STYLES) -> Score:
    """The same piece as others would play it: key, chords and bars stay; in the same meter what is sung, and a tune."""
    facts = score.facts
    others = [style for style in among if style.name != facts.style.name]
    style = others[random.integers(len(others))]
    same_meter = style.meter == facts.style.meter
    voice = facts.voice if same_meter else None
    wanted = replace(
        facts,
        style=style,
        bpm=tempo_in(facts, style),
        character=draw_character(random),
        instruments=draw_instruments(random, style, voice),
        has_drums=bool(style.drums),
        voice=voice,
    )
    parts = write_parts(random, wanted, score.sections)
    if same_meter:
        parts = _with_tune(score, wanted, parts)
    hits = write_drums(wanted, score.sections)
    return Score(wanted, score.sections, parts, hits, score.sung if voice else ())


def _with_tune(score: Score, facts: Facts, parts: Parts) -> Parts:
    """Parts whose lead plays the tune of a score, in its own octave, where both have one."""
    before, after = score.facts.style.lead, facts.style.lead
    tune = dict(score.parts).get("lead", ())
    if not tune or before is None or after is None or before.figure != after.figure:
        return parts
    centres = [INSTRUMENTS[dict(each.instruments)["lead"]].centre for each in (score.facts, facts)]
    higher = _OCTAVE * round((centres[1] - centres[0]) / _OCTAVE)
    moved = tuple(replace(note, pitch=note.pitch + higher) for note in tune)
    return tuple((role, moved if role == "lead" else notes) for role, notes in parts)


def _part(
    random: np.random.Generator, facts: Facts, line: Line, instrument: str, sections: Sequence[Section]
) -> tuple[Note, ...]:
    centre = INSTRUMENTS[instrument].centre
    if line.figure == "melody":
        return write_melody(random, facts, sections, {"verse", "chorus", "bridge"}, centre)
    if line.figure == "reel":
        return write_reel(random, facts, sections, centre)
    if line is facts.style.bass:
        return write_bass(facts, line, instrument, sections)
    return write_chords(facts, line, instrument, sections)
