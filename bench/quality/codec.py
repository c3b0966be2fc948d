"""The codec and the audio codes: clips to latents or codes and back, without sampling."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bench.quality.evaluation import Evaluation, Outcome, Section, mix_of
from bench.quality.figures import Figure, Goal, mean, mean_of_known, share
from bench.quality.music import Heard, hear
from bench.quality.similarity import chroma_similarity, si_sdr_db, stft_distance
from quartet.cli.audio import Recording


@dataclass(frozen=True)
class Reconstructed:
    """A clip that has been through the codec."""

    heard: Heard
    si_sdr_db: float
    stft_distance: float


@dataclass(frozen=True)
class Coded:
    """A clip that has been through audio codes; `other_similarity` is that to the clip before it."""

    heard: Heard
    similarity: float
    other_similarity: float | None
    stft_distance: float


def reconstructed(evaluation: Evaluation, earlier: Mapping[str, Outcome]) -> Outcome:
    """The posterior's mean, decoded."""
    rows = []
    for clip in evaluation.clips():
        mix, description = mix_of(clip), clip.description
        found = evaluation.stages.sound(evaluation.stages.latents(mix))
        heard = hear(found, description.facts, description.seed, evaluation.classifier)
        rows.append(Reconstructed(heard, si_sdr_db(found, mix), stft_distance(found, mix)))
    figures = (
        mean("SI-SDR", "dB", [row.si_sdr_db for row in rows], Goal(at_least=12)),
        mean("multi-resolution STFT distance", "", [row.stft_distance for row in rows]),
        *_facts([row.heard for row in rows]),
    )
    return Outcome(figures, tuple(rows))


def coded(evaluation: Evaluation, earlier: Mapping[str, Outcome]) -> Outcome:
    """Latents to codes to latents, decoded."""
    rows: list[Coded] = []
    previous: Recording | None = None
    for clip in evaluation.clips():
        mix, description, stages = mix_of(clip), clip.description, evaluation.stages
        found = stages.sound(stages.hints(stages.codes(stages.latents(mix))))
        heard = hear(found, description.facts, description.seed, evaluation.classifier)
        other = chroma_similarity(found, previous) if previous else None
        rows.append(Coded(heard, chroma_similarity(found, mix), other, stft_distance(found, mix)))
        previous = mix
    chance = mean_of_known(row.other_similarity for row in rows)
    figures = (
        mean("chroma similarity", "", [row.similarity for row in rows], chance=chance),
        mean("multi-resolution STFT distance", "", [row.stft_distance for row in rows]),
        *_facts([row.heard for row in rows]),
    )
    return Outcome(figures, tuple(rows))


def _facts(rows: list[Heard]) -> Iterable[Figure]:
    """Whether what was heard before is heard after."""
    yield share("tempo, half and double allowed", [row.has_tempo for row in rows])
    yield share("key", [row.has_key for row in rows])
    yield share("style", [row.has_style for row in rows])


def sections() -> Iterable[Section]:
    """Codec, then codes."""
    yield Section("codec", "The codec", "Held-out clips to latents and back", reconstructed)
    yield Section("codes", "Audio codes", "Held-out clips to latents, to codes at 5 Hz, and back", coded)
