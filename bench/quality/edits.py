"""Edits of clips that the transformer is asked for stage by stage (spec/model.md §4): repaint, cover and extract."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bench.quality.evaluation import Evaluation, Outcome, Section, mix_of, stem_of, words_of
from bench.quality.figures import Goal, mean, mean_of_known, share
from bench.quality.music import STYLE_GOAL, Heard, hear
from bench.quality.recordings import recording_of
from bench.quality.similarity import chroma_similarity, distance_db, si_sdr_db, si_sdr_improvement_db
from quartet.cli.audio import Recording, Samples
from training.dit.tasks import Task, instruction_of
from training.synth.captions import write_caption
from training.synth.clip import Description, describe
from training.synth.styles import STYLES

# Beside the region a cross-fade may act, and a window of the codec reaches over its edges.
_GUARD_SECONDS = 0.1
_DRUMS = "drums"


@dataclass(frozen=True)
class Repainted:
    """A clip whose middle third was made anew: distances from the source in dB, outside and inside.

    `codec_outside_db` is what the codec alone costs outside, `from_codec_outside_db` the distance from what it gives.
    """

    seed: int
    outside_db: float
    codec_outside_db: float
    from_codec_outside_db: float
    inside_db: float


@dataclass(frozen=True)
class Covered:
    """A clip in another style; `other_similarity` is that to a clip that is not its source."""

    heard: Heard
    source_style: str
    similarity: float
    other_similarity: float | None


@dataclass(frozen=True)
class Extracted:
    """Drums out of a clip: how much nearer they and the rest came, and the drums through the codec alone; in dB."""

    seed: int
    drums_db: float
    rest_db: float
    codec_db: float


def repainted(evaluation: Evaluation, earlier: Mapping[str, Outcome]) -> Outcome:
    """The middle third of each clip under its own words."""
    stages, rows = evaluation.stages, []
    for clip in evaluation.clips():
        latents = stages.latents(mix_of(clip))
        start, end = len(latents) // 3, 2 * len(latents) // 3
        free = np.zeros(len(latents), np.bool_)
        free[start:end] = True
        source = np.where(free[:, None], stages.silence(len(latents)), latents)
        words = words_of(clip.description)
        sampled = stages.sample(words, instruction_of(Task.REPAINT), source, clip.description.seed, free)
        sounds = [clip.audio, stages.sound(latents).samples, stages.sound(sampled).samples]
        rows.append(compare_repaint(clip.description.seed, sounds, (start, end), stages.codec.hop, clip.rate))
    figures = (
        mean("distance outside", "dB", [row.outside_db for row in rows], Goal(at_most=-40)),
        mean("the codec's own distance outside", "dB", [row.codec_outside_db for row in rows]),
        mean("distance outside from the codec's", "dB", [row.from_codec_outside_db for row in rows]),
        mean("change inside", "dB", [row.inside_db for row in rows]),
    )
    return Outcome(figures, tuple(rows))


def compare_repaint(
    seed: int,
    sounds: Sequence[Samples],
    region: tuple[int, int],
    hop: int,
    rate: int,
) -> Repainted:
    """Distances of source, source through the codec and result [samples, channels]; the region is in frames."""
    shortest = min(map(len, sounds))
    source, codec, result = (sound[:shortest] for sound in sounds)
    guard = int(_GUARD_SECONDS * rate)
    places = np.arange(shortest)
    outside = (places < region[0] * hop - guard) | (places >= region[1] * hop + guard)
    inside = slice(region[0] * hop, region[1] * hop)
    return Repainted(
        seed=seed,
        outside_db=distance_db(result[outside], source[outside]),
        codec_outside_db=distance_db(codec[outside], source[outside]),
        from_codec_outside_db=distance_db(result[outside], codec[outside]),
        inside_db=distance_db(result[inside], source[inside]),
    )


def covered(evaluation: Evaluation, earlier: Mapping[str, Outcome]) -> Outcome:
    """Each clip's codes under the caption of another style, with its own tempo and key."""
    stages = evaluation.stages
    rows: list[Covered] = []
    previous: Recording | None = None
    for clip in evaluation.clips():
        source, seed = mix_of(clip), clip.description.seed
        wanted = in_another_style(clip.description)
        hints = stages.hints(stages.codes(stages.latents(source)))
        cover = stages.sound(stages.sample(words_of(wanted), instruction_of(Task.COVER), hints, seed))
        heard = hear(cover, wanted.facts, seed, evaluation.classifier)
        other = chroma_similarity(cover, previous) if previous else None
        style = clip.description.facts.style.name
        rows.append(Covered(heard, style, chroma_similarity(cover, source), other))
        previous = source
    chance = mean_of_known(row.other_similarity for row in rows)
    figures = (
        mean("chroma similarity", "", [row.similarity for row in rows], Goal(at_least=0.8), chance=chance),
        share("new style", [row.heard.has_style for row in rows], STYLE_GOAL),
        share("still the style of the source", [row.heard.found_style == row.source_style for row in rows]),
        share("tempo, half and double allowed", [row.heard.has_tempo for row in rows]),
        share("key", [row.heard.has_key for row in rows]),
    )
    return Outcome(figures, tuple(rows))


def in_another_style(description: Description) -> Description:
    """The same tempo, key and length in another style, with a caption of it."""
    random = np.random.default_rng((description.seed, 2))
    facts = description.facts
    others = [style for style in STYLES if style.name != facts.style.name]
    other = describe(description.seed, seconds=facts.seconds, style=others[random.integers(len(others))])
    wanted = dataclasses.replace(other.facts, bpm=facts.bpm, key=facts.key, voice=facts.voice, language=facts.language)
    return dataclasses.replace(
        description,
        score=dataclasses.replace(description.score, facts=wanted),
        caption=write_caption(random, wanted),
    )


def extracted(evaluation: Evaluation, earlier: Mapping[str, Outcome]) -> Outcome:
    """The drums of each clip that has them; what is left of the clip without them is the rest."""
    stages, rows = evaluation.stages, []
    for clip in evaluation.clips():
        if not np.any(clip.stems.get(_DRUMS, np.zeros(1))):
            continue
        mix, drums, seed = mix_of(clip), stem_of(clip, _DRUMS), clip.description.seed
        rest = recording_of(mix.samples - drums.samples, clip.rate)
        instruction = instruction_of(Task.EXTRACT, _DRUMS)
        found = stages.sound(stages.sample(words_of(clip.description), instruction, stages.latents(mix), seed))
        shorter = min(len(found.samples), len(mix.samples))
        left = recording_of(mix.samples[:shorter] - found.samples[:shorter], clip.rate)
        codec = stages.sound(stages.latents(drums))
        rows.append(
            Extracted(
                seed=seed,
                drums_db=si_sdr_improvement_db(found, drums, mix),
                rest_db=si_sdr_improvement_db(left, rest, mix),
                codec_db=si_sdr_db(codec, drums) - si_sdr_db(mix, drums),
            )
        )
    best = mean_of_known(row.codec_db for row in rows)
    figures = (
        mean("SI-SDR improvement of the drums", "dB", [row.drums_db for row in rows], Goal(at_least=6), best=best),
        mean("SI-SDR improvement of the rest", "dB", [row.rest_db for row in rows]),
    )
    return Outcome(figures, tuple(rows))


def sections() -> Iterable[Section]:
    """Repaint, cover, extract."""
    stage = "by the networks alone"
    yield Section("repaint", "Repaint", f"The middle third of held-out clips, {stage}", repainted)
    yield Section("cover", "Cover", f"Audio codes of held-out clips under captions of other styles, {stage}", covered)
    yield Section("extract", "Extract", f"Drums out of held-out clips, {stage}; best is the codec alone", extracted)
