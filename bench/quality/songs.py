"""Songs through the gateway, as a user asks for them, from words alone and with a planner's audio codes."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Iterable, Mapping
from itertools import product
from pathlib import Path

from bench.quality.evaluation import Evaluation, Outcome, Section
from bench.quality.figures import not_worse
from bench.quality.music import Heard, figures_of, hear
from bench.quality.recordings import recording_of
from bench.quality.stages import NotOfferedError
from quartet import AudioFormat, Client, SongSpec
from quartet.cli.audio import Recording, read
from quartet.planning import Thinking
from training.synth.clip import Description, make_clip

_ASKED = "Caption, lyrics, tempo, key, meter, language and length of the prompts as one request to the gateway"
_SEEDS_PER_ROUND = 10_000


def generated(evaluation: Evaluation, earlier: Mapping[str, Outcome]) -> Outcome:
    """The generator's own clips of the prompts: the best that these measures could find."""

    def heard(prompt: Description) -> Heard:
        clip = make_clip(prompt.seed, seconds=evaluation.size.seconds)
        return hear(recording_of(clip.audio, clip.rate), prompt.facts, prompt.seed, evaluation.classifier)

    rows = evaluation.of_each(heard, evaluation.prompts())
    figures = tuple(dataclasses.replace(figure, goal=None) for figure in figures_of(rows))
    return Outcome(figures, tuple(rows))


def from_words(evaluation: Evaluation, earlier: Mapping[str, Outcome]) -> Outcome:
    """Songs without a planner."""
    rows = _songs(evaluation, "words", Thinking.none())
    return _beside_best(Outcome(figures_of(rows), rows), earlier)


def thought(evaluation: Evaluation, earlier: Mapping[str, Outcome]) -> Outcome:
    """Songs that a planner thinks over, as the product does by default; beside those from words where there are."""
    if not evaluation.stages.plans:
        raise NotOfferedError("The family has no planner.")
    rows = _songs(evaluation, "thinking", Thinking(think=True))
    figures = figures_of(rows)
    if before := earlier["words"].rows if "words" in earlier else ():
        figures += tuple(
            not_worse(f"change of {name}", [getattr(row, what) for row in rows], [getattr(row, what) for row in before])
            for name, what in (("tempo", "has_tempo"), ("key", "has_key"), ("style", "has_style"))
        )
    return _beside_best(Outcome(figures, rows), earlier)


def spec_of(prompt: Description, seed: int, thinking: Thinking, steps: int) -> SongSpec:
    """The request for a song as a clip is described."""
    facts = prompt.facts
    return SongSpec(
        prompt.caption,
        lyrics=prompt.lyrics,
        duration=facts.seconds,
        bpm=facts.bpm,
        key_scale=str(facts.key),
        time_signature=facts.style.meter,
        vocal_language=facts.language,
        seeds=(seed,),
        steps=steps,
        format=AudioFormat.FLAC,
        thinking=thinking,
    )


def _songs(evaluation: Evaluation, name: str, thinking: Thinking) -> tuple[Heard, ...]:
    """Round after round of all prompts, each song with a seed of its own. The first round's files are kept."""

    def heard(asked: tuple[int, Description]) -> Heard:
        number, prompt = asked
        kept = evaluation.folder / name / f"{prompt.seed}.flac" if number == 0 else None
        spec = spec_of(prompt, prompt.seed + _SEEDS_PER_ROUND * number, thinking, evaluation.size.steps)
        recording, raw_peak = song_of(evaluation.client, spec, kept)
        return hear(recording, prompt.facts, prompt.seed, evaluation.classifier, raw_peak)

    return tuple(evaluation.of_each(heard, product(range(evaluation.size.rounds), evaluation.prompts())))


def song_of(client: Client, spec: SongSpec, kept: Path | None) -> tuple[Recording, float]:
    """A song and its peak before normalisation."""
    song = client.generate(spec)
    with tempfile.TemporaryDirectory(prefix="quartet-quality-") as folder:
        (path,) = song.save(kept or Path(folder, "song.flac"))
        return read(path), song.record.items[0].peak


def _beside_best(outcome: Outcome, earlier: Mapping[str, Outcome]) -> Outcome:
    """With what the generator's own clips reach."""
    best = {figure.name: figure for figure in earlier["generated"].figures} if "generated" in earlier else {}
    figures = (figure.beside(best[figure.name]) if figure.name in best else figure for figure in outcome.figures)
    return dataclasses.replace(outcome, figures=tuple(figures))


def sections() -> Iterable[Section]:
    """In the order in which they build on each other."""
    yield Section("generated", "The generator's own clips", "What the measures find where all is true", generated)
    yield Section("words", "Songs from words", f"{_ASKED}, without a planner", from_words)
    yield Section("thinking", "Songs with thinking", f"{_ASKED}, with all that the planner does by default", thought)
