"""What is heard in one recording, beside what was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.quality.figures import Figure, Goal, chance_of, mean, share
from bench.quality.key import keys_of, match_key
from bench.quality.levels import levels_of
from bench.quality.style import StyleClassifier
from bench.quality.tempo import TempoMatch, match_tempo, tempo_of
from quartet.cli.audio import Recording
from training.synth.facts import Facts

TEMPO_GOAL, KEY_GOAL, STYLE_GOAL = Goal(at_least=85), Goal(at_least=65), Goal(at_least=70)
NONE = Goal(at_most=0)


@dataclass(frozen=True)
class Heard:
    """A recording's tempo, key, style and levels beside those that were asked for.

    `key_rank` is the place of the asked key, from 1, 25 where none was found; `raw_peak` that before normalisation
    where it is known.
    """

    seed: int
    bpm: int
    key: str
    style: str
    found_bpm: float
    found_key: str
    key_rank: int
    has_relative_key: bool
    found_style: str
    is_silent: bool
    is_clipped: bool
    loudness_lufs: float
    peak_dbfs: float
    raw_peak: float | None = None

    @property
    def tempo_match(self) -> TempoMatch:
        """Of the tempo."""
        return match_tempo(self.found_bpm, self.bpm)

    @property
    def has_tempo(self) -> bool:
        """Whether the tempo is right, half and double allowed."""
        return self.tempo_match is not TempoMatch.OTHER

    @property
    def has_key(self) -> bool:
        """Whether the likeliest key is the one that was asked for."""
        return self.key_rank == 1

    @property
    def has_style(self) -> bool:
        """Whether the style is the one that was asked for."""
        return self.found_style == self.style


def hear(
    recording: Recording, facts: Facts, seed: int, classifier: StyleClassifier, raw_peak: float | None = None
) -> Heard:
    """Measures a recording that was asked to have facts."""
    levels, keys = levels_of(recording), keys_of(recording)
    match = match_key(keys, facts.key)
    return Heard(
        seed=seed,
        bpm=facts.bpm,
        key=str(facts.key),
        style=facts.style.name,
        found_bpm=tempo_of(recording),
        found_key=str(keys[0]) if keys else "",
        key_rank=match.rank,
        has_relative_key=match.is_relative,
        found_style=classifier.style_of(recording),
        is_silent=levels.is_silent,
        is_clipped=levels.is_clipped,
        loudness_lufs=levels.loudness_lufs,
        peak_dbfs=levels.peak_dbfs,
        raw_peak=raw_peak,
    )


def figures_of(rows: Sequence[Heard]) -> tuple[Figure, ...]:
    """Shares over recordings, and what chance gives: each result beside every other request."""
    tempo = [[match_tempo(row.found_bpm, other.bpm) is not TempoMatch.OTHER for other in rows] for row in rows]
    key = [[row.found_key == other.key for other in rows] for row in rows]
    style = [[row.found_style == other.style for other in rows] for row in rows]
    matches = [row.tempo_match for row in rows]
    return (
        share("tempo, half and double allowed", [row.has_tempo for row in rows], TEMPO_GOAL, chance=chance_of(tempo)),
        share("tempo exact", [match is TempoMatch.EXACT for match in matches]),
        share("tempo half", [match is TempoMatch.HALF for match in matches]),
        share("tempo double", [match is TempoMatch.DOUBLE for match in matches]),
        share("key", [row.has_key for row in rows], KEY_GOAL, chance=chance_of(key)),
        share("key among the likeliest two", [row.key_rank <= 2 for row in rows]),
        share("relative key instead", [row.has_relative_key for row in rows]),
        share("style", [row.has_style for row in rows], STYLE_GOAL, chance=chance_of(style)),
        share("silent", [row.is_silent for row in rows], NONE),
        share("clipped", [row.is_clipped for row in rows], NONE),
        *_loudness(rows),
    )


def _loudness(rows: Sequence[Heard]) -> tuple[Figure, ...]:
    """None where all are silent."""
    audible = [row.loudness_lufs for row in rows if row.loudness_lufs > float("-inf")]
    return (mean("loudness", "LUFS", audible),) if audible else ()
