"""Batches of examples: modes of the planner, clips and their words, all drawn by the number of the batch."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import numpy as np

from services.planner.codes import code_count, whole_seconds
from services.planner.grammar import Field
from services.planner.modes import METADATA
from services.planner.prompts import INSTRUMENTAL, Prompts
from services.planner.thought import Thought
from serving.settings import setting
from training.latents import LatentStoreError
from training.planner import answers
from training.planner.answers import Example
from training.planner.codes import CodedClip, CodeStore
from training.synth.captions import write_caption, write_planned_caption
from training.synth.clip import Description, describe
from training.synth.facts import Facts

# Seeds of songs that are in no store begin here.
NEW_SEEDS = 2**32


class Mode(StrEnum):
    """What the planner is asked for. To think is to plan without codes."""

    PLAN = "plan"
    THINK = "think"
    UNDERSTAND = "understand"
    COMPOSE = "compose"
    REWRITE = "rewrite"


# Shares of the modes that take the codes of a clip, and of those that are about words, of which there is no end.
_HEARS = {Mode.PLAN: 5 / 7, Mode.UNDERSTAND: 2 / 7}
_SPEAKS = {Mode.THINK: 1 / 3, Mode.COMPOSE: 1 / 3, Mode.REWRITE: 1 / 3}
_KEPT_DESCRIPTIONS = 1024


@dataclass(frozen=True)
class ExampleSettings:
    """How examples are drawn. Probabilities are from 0 to 1."""

    tokens_per_batch: int = setting(8000, "tokens of prompts and answers in a batch, about", at_least=1)
    words_alone: float = setting(0.3, "share of the modes without codes", at_least=0, at_most=1)
    condition_dropout: float = setting(
        0.15, "how often codes follow the prompt that guidance leads away from", at_least=0, at_most=1
    )
    line_dropout: float = setting(
        0.25, "how often a plan has no caption, no language, or not all of the metadata", at_least=0, at_most=1
    )
    empty_prompt: float = setting(
        0.05, "how often nothing is given: no caption, no wish or no codes", at_least=0, at_most=1
    )
    short_caption: float = setting(
        0.3, "how often the caption that is given is as short as a wish", at_least=0, at_most=1
    )


class Examples:
    """Draws batches from clips as codes. Batch n of a seed is always the same.

    With `new_words` the modes without codes are about songs that are in no store.
    """

    def __init__(
        self, store: CodeStore, prompts: Prompts, settings: ExampleSettings, seed: int, *, new_words: bool
    ) -> None:
        self._store = store
        self._prompts = prompts
        self._settings = settings
        self._seed = seed
        self._new_words = new_words
        kinds = ((_HEARS, 1 - settings.words_alone), (_SPEAKS, settings.words_alone))
        self._shares = {mode: share * part for kind, part in kinds for mode, share in kind.items()}
        self._describe = lru_cache(maxsize=_KEPT_DESCRIPTIONS)(describe)

    def batch(self, number: int) -> list[Example]:
        """Examples whose tokens add up to about the settings' number, at least one; alike lengths lie together."""
        random = np.random.default_rng((self._seed, number))
        examples: list[Example] = []
        tokens = 0
        while tokens < self._settings.tokens_per_batch:
            example = self._example(random)
            examples.append(example)
            tokens += _tokens(example)
        return sorted(examples, key=_tokens)

    def _example(self, random: np.random.Generator) -> Example:
        mode = Mode(random.choice(list(self._shares), p=list(self._shares.values())))
        clip = self._store.clips[random.integers(len(self._store.clips))]
        empty = random.random() < self._settings.empty_prompt
        if mode in _HEARS or not self._new_words:
            description = self._describe(clip.seed, seconds=clip.seconds)
        else:
            description = describe(NEW_SEEDS + int(random.integers(NEW_SEEDS)))
        if mode is Mode.PLAN:
            return self._plan(random, description, _codes_of(clip, description), empty=empty)
        if mode is Mode.THINK:
            return self._plan(random, description, (), empty=empty)
        return self._song(random, mode, description, clip, empty=empty)

    def _plan(
        self, random: np.random.Generator, description: Description, codes: Sequence[int], *, empty: bool
    ) -> Example:
        if codes and random.random() < self._settings.condition_dropout:
            return answers.codes_of_any_song(self._prompts, codes)
        caption = "" if empty else self._caption(random, description)
        thought = self._some_lines(random, _thought(random, description.facts))
        return answers.plan(self._prompts, caption, _given_lyrics(random, description), thought, codes)

    def _song(
        self, random: np.random.Generator, mode: Mode, description: Description, clip: CodedClip, *, empty: bool
    ) -> Example:
        """A song in words."""
        thought = dataclasses.replace(_thought(random, description.facts), genres=description.facts.style.name)
        if mode is Mode.UNDERSTAND:
            codes = () if empty else clip.codes.tolist()
            return answers.understand(self._prompts, codes, thought, description.lyrics)
        if mode is Mode.COMPOSE:
            instrumental = description.facts.voice is None
            wish = "" if empty else description.wish
            return answers.compose(self._prompts, wish, thought, description.lyrics, instrumental=instrumental)
        caption = "" if empty else self._caption(random, description)
        given = _given_lyrics(random, description)
        return answers.rewrite(self._prompts, caption, given, thought, description.lyrics)

    def _caption(self, random: np.random.Generator, description: Description) -> str:
        """What a user writes."""
        if random.random() < self._settings.short_caption:
            return description.wish
        return write_caption(random, description.facts)

    def _some_lines(self, random: np.random.Generator, thought: Thought) -> Thought:
        """A plan holds the lines that are asked for: caption, language and metadata may be left out."""
        left_out = [line for line in (Field.CAPTION, Field.LANGUAGE) if random.random() < self._settings.line_dropout]
        if random.random() < self._settings.line_dropout:
            left_out += [line for line in METADATA if random.random() < 0.5]
        nothing = {line.value: getattr(Thought(), line.value) for line in left_out}
        return dataclasses.replace(thought, **nothing)


def _thought(random: np.random.Generator, facts: Facts) -> Thought:
    """What the planner is to know of a song, with a caption of its own."""
    return metadata_of(facts, caption=write_planned_caption(random, facts))


def metadata_of(facts: Facts, caption: str = "") -> Thought:
    """What is true of a song."""
    return Thought(
        bpm=facts.bpm,
        caption=caption,
        duration=whole_seconds(facts.seconds),
        keyscale=str(facts.key),
        language=facts.language,
        timesignature=facts.style.meter,
    )


def _given_lyrics(random: np.random.Generator, description: Description) -> str:
    """Who wants no song says so or says nothing."""
    if description.facts.voice is None:
        return INSTRUMENTAL if random.random() < 0.5 else ""
    return description.lyrics


def _codes_of(clip: CodedClip, description: Description) -> list[int]:
    """As many codes as the planner would write. Raises LatentStoreError where the clip is too short for its words."""
    count = code_count(description.facts.seconds)
    if len(clip.codes) < count:
        raise LatentStoreError(
            f"the clip of seed {clip.seed} has {len(clip.codes)} audio codes, its description takes {count}; write its "
            "latents again"
        )
    return [int(code) for code in clip.codes[:count]]


def _tokens(example: Example) -> int:
    return len(example.prompt) + len(example.answer)
