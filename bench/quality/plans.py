"""Metadata that a planner finds for captions: in range, and plausible for the style that the caption names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bench.quality.evaluation import Evaluation, Outcome, Section
from bench.quality.figures import Goal, share
from bench.quality.key import key_named
from bench.quality.stages import NotOfferedError
from bench.quality.tempo import is_tempo_of
from quartet.planning import Blueprint
from training.synth.clip import Description
from training.synth.styles import Style

BPM, SECONDS = (30, 300), (10, 600)
# How far beyond the tempos of a style a tempo is still plausible.
_MARGIN = 0.05


@dataclass(frozen=True)
class Planned:
    """Metadata for the caption of a prompt, and what holds of it."""

    seed: int
    style: str
    bpm: int | None
    key_scale: str
    time_signature: str
    duration: float | None
    is_in_range: bool
    has_plausible_bpm: bool
    has_meter: bool

    @property
    def is_plausible(self) -> bool:
        """Whether all of it holds."""
        return self.is_in_range and self.has_plausible_bpm and self.has_meter


def planned(evaluation: Evaluation, earlier: Mapping[str, Outcome]) -> Outcome:
    """One plan for each prompt, of which only caption and lyrics are given."""
    if not evaluation.stages.plans:
        raise NotOfferedError("The family has no planner.")

    def judged(prompt: Description) -> Planned:
        found = evaluation.stages.plan(Blueprint(caption=prompt.caption, lyrics=prompt.lyrics), seed=0)
        return judge(found, prompt.facts.style, prompt.seed)

    rows = evaluation.of_each(judged, evaluation.prompts())
    figures = (
        share("in range and plausible", [row.is_plausible for row in rows], Goal(at_least=90)),
        share("in range", [row.is_in_range for row in rows]),
        share("tempo of the style", [row.has_plausible_bpm for row in rows]),
        share("meter of the style", [row.has_meter for row in rows]),
    )
    return Outcome(figures, tuple(rows))


def judge(found: Blueprint, style: Style, seed: int) -> Planned:
    """What holds of metadata for a caption that names a style."""
    bpm, seconds = found.bpm or 0, found.duration or 0.0
    return Planned(
        seed=seed,
        style=style.name,
        bpm=found.bpm,
        key_scale=found.key_scale,
        time_signature=found.time_signature,
        duration=found.duration,
        is_in_range=(
            BPM[0] <= bpm <= BPM[1]
            and SECONDS[0] <= seconds <= SECONDS[1]
            and key_named(found.key_scale) is not None
            and found.time_signature in ("2", "3", "4", "6")
        ),
        has_plausible_bpm=is_tempo_of(style, bpm, margin=_MARGIN),
        has_meter=found.time_signature == style.meter,
    )


def sections() -> Iterable[Section]:
    """One."""
    yield Section("plans", "Metadata of the planner", "Caption and lyrics of the prompts; all else is open", planned)
