"""Edits of clips through the gateway, as a user asks for them (spec/model.md §4): repaint and cover."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import soundfile

from bench.quality.evaluation import Evaluation, Outcome, Section, mix_of, with_previous
from bench.quality.figures import Goal, mean, mean_of_known, share
from bench.quality.music import STYLE_GOAL, Heard, hear
from bench.quality.recordings import recording_of
from bench.quality.similarity import chroma_similarity, distance_db
from bench.quality.songs import song_of, spec_of
from bench.quality.tempo import is_tempo_of
from quartet.cli.audio import Recording
from quartet.planning import Thinking
from quartet.tasks import Cover, Region, Repaint, Task
from training.synth import arrangement
from training.synth.arrangement import tempo_in
from training.synth.captions import write_caption
from training.synth.clip import INSTRUMENTAL, Clip, Description
from training.synth.render import mix, render
from training.synth.styles import STYLES

# Beside the region a cross-fade may act.
_GUARD_SECONDS = 0.1
# How far beyond its own tempos a style is still played.
_NEAR_TEMPO = 0.1


@dataclass(frozen=True)
class Repainted:
    """A clip whose middle third was made anew: distances from the source in dB, outside and inside."""

    seed: int
    outside_db: float
    inside_db: float


@dataclass(frozen=True)
class Covered:
    """A clip in another style; `other_similarity` is that to a clip that is not its source.

    `best_style` and `best_similarity` are what is heard where the generator plays the piece in that style.
    """

    heard: Heard
    source_style: str
    similarity: float
    other_similarity: float | None
    best_style: str
    best_similarity: float


def repainted(evaluation: Evaluation, earlier: Mapping[str, Outcome]) -> Outcome:
    """The middle third of each clip under its own words."""

    def compared(clip: Clip) -> Repainted:
        source = mix_of(clip)
        region = Region(source.seconds / 3, 2 * source.seconds / 3)
        result = edited(evaluation, "repaint", clip.description, source, partial(Repaint, regions=(region,)))
        return compare_repaint(clip.description.seed, source, result, region)

    rows = evaluation.of_each(compared, evaluation.clips())
    figures = (
        mean("distance outside", "dB", [row.outside_db for row in rows], Goal(at_most=-40)),
        mean("change inside", "dB", [row.inside_db for row in rows]),
    )
    return Outcome(figures, tuple(rows))


def compare_repaint(seed: int, source: Recording, result: Recording, region: Region) -> Repainted:
    """Distances of a result from its source, of one rate."""
    shortest = min(len(source.samples), len(result.samples))
    before, after = source.samples[:shortest], result.samples[:shortest]
    seconds = np.arange(shortest) / source.sample_rate
    end = seconds[-1] if region.end is None else region.end
    outside = (seconds < region.start - _GUARD_SECONDS) | (seconds >= end + _GUARD_SECONDS)
    inside = (seconds >= region.start) & (seconds < end)
    return Repainted(seed, distance_db(after[outside], before[outside]), distance_db(after[inside], before[inside]))


def covered(evaluation: Evaluation, earlier: Mapping[str, Outcome]) -> Outcome:
    """Each clip's codes under the caption of another style, in its own key and with bars as long."""

    def compared(clips: tuple[Clip, Clip | None]) -> Covered:
        clip, previous = clips
        source, wanted = mix_of(clip), in_another_style(clip.description)
        cover = edited(evaluation, "cover", wanted, source, Cover)
        heard = hear(cover, wanted.facts, clip.description.seed, evaluation.classifier)
        best = recording_of(mix(render(wanted.score, clip.rate)), clip.rate)
        return Covered(
            heard,
            source_style=clip.description.facts.style.name,
            similarity=chroma_similarity(cover, source),
            other_similarity=chroma_similarity(cover, mix_of(previous)) if previous else None,
            best_style=evaluation.classifier.style_of(best),
            best_similarity=chroma_similarity(best, source),
        )

    rows = evaluation.of_each(compared, with_previous(evaluation.clips()))
    chance = mean_of_known(row.other_similarity for row in rows)
    nearest = mean("chroma similarity", "", [row.best_similarity for row in rows])
    known = share("new style", [row.best_style == row.heard.style for row in rows])
    chroma = mean("chroma similarity", "", [row.similarity for row in rows], Goal(at_least=0.8), chance=chance)
    figures = (
        chroma.beside(nearest),
        share("new style", [row.heard.has_style for row in rows], STYLE_GOAL).beside(known),
        share("still the style of the source", [row.heard.found_style == row.source_style for row in rows]),
        share("tempo, half and double allowed", [row.heard.has_tempo for row in rows]),
        share("key", [row.heard.has_key for row in rows]),
    )
    return Outcome(figures, tuple(rows))


def in_another_style(description: Description) -> Description:
    """The same piece in a style that has such a tempo, of the same meter where there is one, with a caption of it."""
    facts = description.facts
    random = np.random.default_rng((description.seed, 2))
    others = [style for style in STYLES if style.name != facts.style.name]
    near = [style for style in others if is_tempo_of(style, tempo_in(facts, style), margin=_NEAR_TEMPO)]
    alike = [style for style in near if style.meter == facts.style.meter]
    score = arrangement.in_another_style(random, description.score, alike or near or others)
    lyrics = description.lyrics if score.facts.voice else INSTRUMENTAL
    return dataclasses.replace(description, score=score, caption=write_caption(random, score.facts), lyrics=lyrics)


def edited(
    evaluation: Evaluation, name: str, words: Description, source: Recording, task: Callable[[Path], Task]
) -> Recording:
    """What the product makes of a source under words; the file is kept."""
    with tempfile.TemporaryDirectory(prefix="quartet-quality-") as folder:
        path = Path(folder, "source.wav")
        soundfile.write(path, source.samples, source.sample_rate, subtype="FLOAT")
        spec = dataclasses.replace(
            spec_of(words, words.seed, Thinking.none(), evaluation.size.steps),
            duration=None,
            task=task(path),
            keep_level=True,
        )
        return song_of(evaluation.client, spec, evaluation.folder / name / f"{words.seed}.flac")[0]


def sections() -> Iterable[Section]:
    """Repaint and cover."""
    yield Section("repaint", "Repaint", "The middle third of held-out clips", repainted)
    method = "Held-out clips under captions of styles that have such a tempo; best is the generator's own covers"
    yield Section("cover", "Cover", method, covered)
