"""Drums through the gateway (spec/model.md §4): out of clips, for clips without them, and songs around such clips.

The last two have no one right answer, and what was given already sounds like the clip: its own figures stand beside
those of the result.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from bench.quality.edits import edited
from bench.quality.evaluation import Evaluation, Outcome, Section, mix_of, stem_of, with_previous, without_stem
from bench.quality.figures import Goal, mean, mean_of_known, share
from bench.quality.music import NONE
from bench.quality.recordings import heard, is_silent, plus
from bench.quality.similarity import chroma_similarity, onset_correlation, si_sdr_db, si_sdr_improvement_db
from bench.quality.style import StyleClassifier
from bench.quality.tempo import TempoMatch, match_tempo, tempo_of
from quartet.cli.audio import Recording
from quartet.tasks import Complete, Extract, Lego, Track
from training.synth.clip import Clip

_GIVEN = "the same of what was given"


@dataclass(frozen=True)
class Extracted:
    """Drums out of a clip: how much nearer they and the rest came, and the drums through the codec alone; in dB."""

    seed: int
    drums_db: float
    rest_db: float
    codec_db: float


@dataclass(frozen=True)
class Played:
    """Drums for a clip without its own. Onsets are those of the drums alone, styles those of both together."""

    seed: int
    is_dead: bool
    has_tempo: bool
    onsets: float
    given_onsets: float
    other_onsets: float | None
    has_style: bool
    given_has_style: bool
    own_has_style: bool


@dataclass(frozen=True)
class Completed:
    """A song around a clip without its drums. Chroma is beside what was given, onsets beside the clip's own drums."""

    seed: int
    is_dead: bool
    has_style: bool
    given_has_style: bool
    own_has_style: bool
    chroma: float
    own_chroma: float
    other_chroma: float | None
    onsets: float
    given_onsets: float
    own_onsets: float
    other_onsets: float | None


def extracted(evaluation: Evaluation, earlier: Mapping[str, Outcome]) -> Outcome:
    """The drums of each clip that has them; what is left of the clip without them is the rest."""
    stages = evaluation.stages

    def compared(clip: Clip) -> Extracted:
        whole, drums, rest = mix_of(clip), stem_of(clip, Track.DRUMS), without_stem(clip, Track.DRUMS)
        found = edited(evaluation, "extract", clip.description, whole, partial(Extract, tracks=(Track.DRUMS,)))
        left = plus(whole, found, sign=-1)
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
        rest = without_stem(clip, Track.DRUMS)
        drums = edited(evaluation, "lego", clip.description, rest, partial(Lego, track=Track.DRUMS))
        return compare_drums(clip, previous, drums, evaluation.classifier)

    rows = evaluation.of_each(compared, with_previous(_with_drums(evaluation.clips())))
    chance = mean_of_known(row.other_onsets for row in rows)
    style = share("style of both together", [row.has_style for row in rows])
    figures = (
        share("nothing to hear", [row.is_dead for row in rows], NONE),
        share("tempo of the drums alone, half and double allowed", [row.has_tempo for row in rows]),
        mean("onset correlation with the clip's own drums", "", [row.onsets for row in rows], best=1.0, chance=chance),
        mean(_GIVEN, "", [row.given_onsets for row in rows]),
        style.beside(share("style", [row.own_has_style for row in rows])),
        share(_GIVEN, [row.given_has_style for row in rows]),
    )
    return Outcome(figures, tuple(rows))


def compare_drums(clip: Clip, previous: Clip | None, drums: Recording, classifier: StyleClassifier) -> Played:
    """Drums that were played to a clip, beside its own and those of the clip before it."""
    facts, own, rest = clip.description.facts, stem_of(clip, Track.DRUMS), without_stem(clip, Track.DRUMS)
    return Played(
        seed=clip.description.seed,
        is_dead=is_silent(heard(drums)),
        has_tempo=match_tempo(tempo_of(drums), facts.bpm) is not TempoMatch.OTHER,
        onsets=onset_correlation(drums, own),
        given_onsets=onset_correlation(rest, own),
        other_onsets=onset_correlation(drums, stem_of(previous, Track.DRUMS)) if previous else None,
        has_style=classifier.style_of(plus(rest, drums)) == facts.style.name,
        given_has_style=classifier.style_of(rest) == facts.style.name,
        own_has_style=classifier.style_of(mix_of(clip)) == facts.style.name,
    )


def completed(evaluation: Evaluation, earlier: Mapping[str, Outcome]) -> Outcome:
    """Songs around what is left of each clip without its drums, which are asked for."""

    def compared(clips: tuple[Clip, Clip | None]) -> Completed:
        clip, previous = clips
        rest, words = without_stem(clip, Track.DRUMS), clip.description
        song = edited(evaluation, "complete", words, rest, partial(Complete, tracks=(Track.DRUMS,)))
        return compare_song(clip, previous, song, evaluation.classifier)

    rows = evaluation.of_each(compared, with_previous(_with_drums(evaluation.clips())))
    chroma = mean(
        "chroma similarity to what was given",
        "",
        [row.chroma for row in rows],
        best=mean_of_known(row.own_chroma for row in rows),
        chance=mean_of_known(row.other_chroma for row in rows),
    )
    onsets = mean(
        "onset correlation with the clip's own drums",
        "",
        [row.onsets for row in rows],
        best=mean_of_known(row.own_onsets for row in rows),
        chance=mean_of_known(row.other_onsets for row in rows),
    )
    figures = (
        share("nothing to hear", [row.is_dead for row in rows], NONE),
        chroma,
        onsets,
        mean(_GIVEN, "", [row.given_onsets for row in rows]),
        share("style", [row.has_style for row in rows]).beside(share("style", [row.own_has_style for row in rows])),
        share(_GIVEN, [row.given_has_style for row in rows]),
    )
    return Outcome(figures, tuple(rows))


def compare_song(clip: Clip, previous: Clip | None, song: Recording, classifier: StyleClassifier) -> Completed:
    """A song around a clip without its drums, beside the clip as it is and the clip before it."""
    rest, drums, own = without_stem(clip, Track.DRUMS), stem_of(clip, Track.DRUMS), mix_of(clip)
    name = clip.description.facts.style.name
    return Completed(
        seed=clip.description.seed,
        is_dead=is_silent(heard(song)),
        has_style=classifier.style_of(song) == name,
        given_has_style=classifier.style_of(rest) == name,
        own_has_style=classifier.style_of(own) == name,
        chroma=chroma_similarity(song, rest),
        own_chroma=chroma_similarity(own, rest),
        other_chroma=chroma_similarity(song, without_stem(previous, Track.DRUMS)) if previous else None,
        onsets=onset_correlation(song, drums),
        given_onsets=onset_correlation(rest, drums),
        own_onsets=onset_correlation(own, drums),
        other_onsets=onset_correlation(song, stem_of(previous, Track.DRUMS)) if previous else None,
    )


def _with_drums(clips: Iterable[Clip]) -> Iterator[Clip]:
    return (clip for clip in clips if np.any(clip.stems.get(Track.DRUMS, np.zeros(1))))


def sections() -> Iterable[Section]:
    """Extract, lego, complete."""
    yield Section("extract", "Extract", "Drums out of held-out clips; best is the codec alone", extracted)
    best = "best is the clip as it is"
    yield Section("lego", "Lego", f"Drums for held-out clips without theirs; {best}", played)
    yield Section("complete", "Complete", f"Songs around held-out clips without their drums; {best}", completed)
