"""Drums, bass and chords: rhythm strings and chords to notes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import cycle

from training.synth.facts import Facts
from training.synth.instruments import INSTRUMENTS
from training.synth.score import LOUDNESS, Hit, Note, Section, repeated
from training.synth.styles import Line, Style
from training.synth.theory import Chord, nearest

_STAB_BEATS = 0.4
_STRUM_BEATS = 0.03
# What of a kit plays where: a section that is not named has all of it.
_THIN = {"intro": {"hat", "shaker", "brush", "ride", "frame drum"}, "outro": {"kick", "brush", "frame drum", "hat"}}
_BRIDGE = {"hat", "shaker", "ride", "brush", "crash", "frame drum"}
_EXTRAS = {"shaker", "crash"}


def beat_of(style: Style, step: int) -> float:
    """When a step of a rhythm sounds, in beats: swing delays every second step of simple meters."""
    late = style.swing / 3 if style.meter != "6" and step % 4 == 2 else 0.0
    return step / style.steps_per_beat + late


def write_drums(facts: Facts, sections: Sequence[Section]) -> tuple[Hit, ...]:
    """The kit's part. Sparse characters leave out what only decorates."""
    style = facts.style
    hits = []
    for section in sections:
        for drum, rhythm in style.drums.items():
            if not _plays(section, drum, facts.character.density):
                continue
            first = section.first_bar * style.beats_per_bar
            for step, mark in enumerate(repeated(rhythm, section.bars * style.steps_per_bar)):
                if mark in LOUDNESS:
                    hits.append(Hit(first + beat_of(style, step), drum, LOUDNESS[mark]))
    return tuple(hits)


def _plays(section: Section, drum: str, density: float) -> bool:
    if drum in _EXTRAS and density < 0.35:
        return False
    return drum in (_BRIDGE if section.kind == "bridge" else _THIN.get(section.kind, {drum}))


def write_bass(facts: Facts, line: Line, instrument: str, sections: Sequence[Section]) -> tuple[Note, ...]:
    """The bass; intros are without it where the character is sparse."""
    centre = INSTRUMENTS[instrument].centre
    notes: list[Note] = []
    for start, chord, section in _bars(facts.style, sections):
        if section.kind == "intro" and facts.character.density < 0.6 and len(sections) > 2:
            continue
        for number, (at, length, velocity) in enumerate(_strokes(facts.style, line.rhythm)):
            pitch = _bass_pitch(line.figure, chord, centre, number)
            notes.append(Note(start + at, 0.92 * length, pitch, velocity))
    return tuple(notes)


def _bass_pitch(figure: str, chord: Chord, centre: int, number: int) -> int:
    root = nearest(chord.root, centre)
    if figure == "root_fifth" and number % 2:
        return nearest(chord.fifth(), centre)
    if figure == "root_octave" and number % 2:
        return root + 12
    if figure == "walking":
        return nearest(chord.pitch_classes[(0, 1, 2, 1)[number % 4]], centre)
    return root


def write_chords(facts: Facts, line: Line, instrument: str, sections: Sequence[Section]) -> tuple[Note, ...]:
    """Chords of any figure: held, short, strummed, power chords, or broken."""
    centre = INSTRUMENTS[instrument].centre
    notes: list[Note] = []
    for start, chord, _ in _bars(facts.style, sections):
        strokes = _strokes(facts.style, line.rhythm)
        voicing = chord.voicing(centre)
        if line.figure == "arpeggio":
            order = cycle((*voicing, voicing[0] + 12, *reversed(voicing[1:])))
            notes += [
                Note(start + at, 1.5 * length, pitch, velocity)
                for (at, length, velocity), pitch in zip(strokes, order, strict=False)
            ]
            continue
        if line.figure == "power":
            root = nearest(chord.root, centre)
            voicing = (root, root + 7, root + 12)
        for at, length, velocity in strokes:
            spread = _STRUM_BEATS if line.figure == "strum" else 0.0
            held = min(length, _STAB_BEATS) if line.figure == "stab" else 0.97 * length
            notes += [Note(start + at + spread * number, held, pitch, velocity) for number, pitch in enumerate(voicing)]
    return tuple(notes)


def _bars(style: Style, sections: Sequence[Section]) -> Iterator[tuple[float, Chord, Section]]:
    for section in sections:
        for bar, chord in enumerate(section.chords):
            yield (section.first_bar + bar) * style.beats_per_bar, chord, section


def _strokes(style: Style, rhythm: str) -> list[tuple[float, float, float]]:
    """Start and length in beats within a bar, and velocity, of each stroke; each lasts until the next."""
    marks = repeated(rhythm, style.steps_per_bar)
    steps = [step for step, mark in enumerate(marks) if mark in LOUDNESS]
    starts = [beat_of(style, step) for step in steps]
    ends = [*starts[1:], float(style.beats_per_bar)]
    return [(start, end - start, LOUDNESS[marks[step]]) for step, start, end in zip(steps, starts, ends, strict=True)]
