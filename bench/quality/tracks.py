"""Drums through the gateway (spec/model.md §4): out of clips, for clips without them, and songs around these clips.

The last two have no one right answer. Drums that fit are heard where the clip's own are; a song that is completed keeps
the chords of what it was given, and has the tempo, key and style of its words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from bench.quality.edits import edited, with_previous
from bench.quality.evaluation import Evaluation, Outcome, Section, mix_of, stem_of
from bench.quality.figures import Figure, Goal, mean, mean_of_known, share
from bench.quality.music import NONE, Heard, hear
from bench.quality.recordings import recording_of
from bench.quality.similarity import chroma_similarity, rhythm_similarity, si_sdr_db, si_sdr_improvement_db
from quartet.cli.audio import Recording
from quartet.tasks import Complete, Extract, Lego, Track
from training.synth.clip import Clip


@dataclass(frozen=True)
class Extracted:
    """Drums out of a clip: how much nearer they and the rest came, and the drums through the codec alone; in dB."""

    seed: int
    drums_db: float
    rest_db: float
    codec_db: float


@dataclass(frozen=True)
class Played:
    """Drums for a clip without them: what is heard of them alone and with the rest, and their rhythm beside that of the
    clip's own drums and of another clip's. `style_without` is what the rest alone is taken for."""

    alone: Heard
    together: Heard
    rhythm: float
    other_rhythm: float | None
    style_without: str


@dataclass(frozen=True)
class Completed:
    """A song around a clip without drums; `other_similarity` is that of its chords to another clip's."""

    heard: Heard
    similarity: float
    other_similarity: float | None
    rhythm: float
    rhythm_without: float


def extracted(evaluation: Evaluation, earlier: Mapping[str, Outcome]) -> Outcome:
    """The drums of each clip that has them; what is left of the clip without them is the rest."""
    stages = evaluation.stages

    def compared(clip: Clip) -> Extracted:
        whole, drums, rest = mix_of(clip), stem_of(clip, Track.DRUMS), _without_drums(clip)
        found = edited(evaluation, "extract", clip.description, whole, partial(Extract, tracks=(Track.DRUMS,)))
        shorter = min(len(found.samples), len(whole.samples))
        left = recording_of(whole.samples[:shorter] - found.samples[:shorter], clip.rate)
        codec = stages.sound(stages.latents(drums))
        return Extracted(
            seed=clip.description.seed,
            drums_db=si_sdr_improvement_db(found, drums, whole),
            rest_db=si_sdr_improvement_db(left, rest, whole),
            codec_db=si_sdr_db(codec, drums) - si_sdr_db(whole, drums),
        )

    rows = evaluation.of_each(compared, _with_drums(evaluation.clips()))
    best = mean_of_known(row.codec_db for row in rows)
    figures = (
        mean("SI-SDR improvement of the drums", "dB", [row.drums_db for row in rows], Goal(at_least=6), best=best),
        mean("SI-SDR improvement of the rest", "dB", [row.rest_db for row in rows]),
    )
    return Outcome(figures, tuple(rows))


def played(evaluation: Evaluation, earlier: Mapping[str, Outcome]) -> Outcome:
    """Drums for each clip that has some, from what is left without them."""

    def compared(clips: tuple[Clip, Clip | None]) -> Played:
        clip, previous = clips
        rest, facts, seed = _without_drums(clip), clip.description.facts, clip.description.seed
        drums = edited(evaluation, "lego", clip.description, rest, partial(Lego, track=Track.DRUMS))
        shorter = min(len(drums.samples), len(rest.samples))
        together = recording_of(rest.samples[:shorter] + drums.samples[:shorter], clip.rate)
        return Played(
            alone=hear(drums, facts, seed, evaluation.classifier),
            together=hear(together, facts, seed, evaluation.classifier),
            rhythm=rhythm_similarity(drums, stem_of(clip, Track.DRUMS)),
            other_rhythm=rhythm_similarity(drums, stem_of(previous, Track.DRUMS)) if previous else None,
            style_without=evaluation.classifier.style_of(rest),
        )

    rows = evaluation.of_each(compared, with_previous(_with_drums(evaluation.clips())))
    chance = mean_of_known(row.other_rhythm for row in rows)
    figures = (
        mean("rhythm beside that of the clip's own drums", "", [row.rhythm for row in rows], chance=chance),
        share("tempo of the drums alone, half and double allowed", [row.alone.has_tempo for row in rows]),
        share("silent", [row.alone.is_silent for row in rows], NONE),
        *_styles([row.together for row in rows]),
        share("style without drums", [row.style_without == row.together.style for row in rows]),
    )
    return Outcome(figures, tuple(rows))


def completed(evaluation: Evaluation, earlier: Mapping[str, Outcome]) -> Outcome:
    """Songs around what is left of each clip without its drums, which are asked for."""

    def compared(clips: tuple[Clip, Clip | None]) -> Completed:
        clip, previous = clips
        rest, drums, words = _without_drums(clip), stem_of(clip, Track.DRUMS), clip.description
        song = edited(evaluation, "complete", words, rest, partial(Complete, tracks=(Track.DRUMS,)))
        return Completed(
            hear(song, words.facts, words.seed, evaluation.classifier),
            similarity=chroma_similarity(song, rest),
            other_similarity=chroma_similarity(song, _without_drums(previous)) if previous else None,
            rhythm=rhythm_similarity(song, drums),
            rhythm_without=rhythm_similarity(rest, drums),
        )

    rows = evaluation.of_each(compared, with_previous(_with_drums(evaluation.clips())))
    chance = mean_of_known(row.other_similarity for row in rows)
    without = mean_of_known(row.rhythm_without for row in rows)
    figures = (
        mean("chroma similarity to what was given", "", [row.similarity for row in rows], chance=chance),
        mean("rhythm beside that of the clip's own drums", "", [row.rhythm for row in rows], chance=without),
        share("silent", [row.heard.is_silent for row in rows], NONE),
        *_styles([row.heard for row in rows]),
    )
    return Outcome(figures, tuple(rows))


def _styles(heard: Sequence[Heard]) -> tuple[Figure, ...]:
    return (
        share("tempo, half and double allowed", [row.has_tempo for row in heard]),
        share("key", [row.has_key for row in heard]),
        share("style", [row.has_style for row in heard]),
    )


def _with_drums(clips: Iterable[Clip]) -> Iterator[Clip]:
    return (clip for clip in clips if np.any(clip.stems.get(Track.DRUMS, np.zeros(1))))


def _without_drums(clip: Clip) -> Recording:
    return recording_of(clip.audio - clip.stems[Track.DRUMS], clip.rate)


def sections() -> Iterable[Section]:
    """Extract, lego, complete."""
    yield Section("extract", "Extract", "Drums out of held-out clips; best is the codec alone", extracted)
    yield Section("lego", "Lego", "Drums for held-out clips without theirs", played)
    method = "Songs around held-out clips without their drums; the rhythm's chance is that of what was given"
    yield Section("complete", "Complete", method, completed)
