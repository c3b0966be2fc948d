"""Batches of examples: clips, tasks, words and noise levels, all drawn by the number of the batch."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch

from services.encoder.tokenization import PromptTokenizer
from serving.settings import setting
from training.dit.prompts import drawn_prompt
from training.dit.questions import Asked
from training.dit.tasks import FRAMES_PER_CODE, TRACK_TASKS, Framed, Task, frame
from training.latents import Entry, LatentStore, tiled
from training.synth.clip import describe, facts_of
from training.synth.facts import Facts

# A clip by its seed and the length that was asked for, which together decide its words.
Clip = tuple[int, float | None]
# A description takes tens of milliseconds; its facts and lyrics take a kilobyte or two.
_KEPT_WORDS = 32_768
_NEARLY_NOISE = 0.85
# Weights of the tasks beside covers, relative to one another.
_OTHER_TASKS = {
    Task.TEXT_TO_MUSIC: 22,
    Task.REPAINT: 3,
    Task.EXTRACT: 6,
    Task.LEGO: 3,
    Task.COMPLETE: 3,
}


@dataclass(frozen=True)
class ExampleSettings:
    """How examples are drawn. Probabilities are from 0 to 1."""

    frames_per_batch: int = setting(4000, "frames of latents in a batch, about", at_least=1)
    condition_dropout: float = setting(
        0.15, "how often the null condition takes the place of a condition", at_least=0, at_most=1
    )
    covers: float = setting(0.26, "how often the task is a cover; the others share the rest", at_least=0, at_most=1)
    value_dropout: float = setting(0.15, "how often each value of the metadata is left out", at_least=0, at_most=1)
    planned: float = setting(
        0.0,
        "how often a cover hears what the planner wrote for its words, of clips that are planned",
        at_least=0,
        at_most=1,
    )
    reference: float = setting(0.2, "how often a clip's own sound is given as the reference", at_least=0, at_most=1)
    uniform: float = setting(
        0.3,
        "how often a noise level is any level alike; else it is the larger of two logit normals",
        at_least=0,
        at_most=1,
    )
    nearly_noise: float = setting(
        0.3,
        "how often a noise level is from 0.85 to 1, where only words tell key, tempo and style",
        at_least=0,
        at_most=1,
    )
    timestep_mean: float = setting(-0.4, "mean of the normals whose sigmoids are noise levels")
    timestep_std: float = setting(1.0, "their standard deviation", at_least=0)


@dataclass(frozen=True)
class Example:
    """A task at a clip, what its words are about, their token ids, its reference latents [frames, channels], noise
    [frames, channels] and level. `first_frame` is where in the clip it begins; what is no music has no velocities."""

    framed: Framed
    asked: Asked
    caption: Sequence[int]
    lyrics: Sequence[int]
    reference: torch.Tensor
    noise: torch.Tensor
    t: float
    conditioned: bool
    first_frame: int = 0
    is_music: bool = True


class Examples:
    """Draws batches from a store of latents. Batch n of a seed is always the same.

    `plans` are the audio codes that a planner wrote for the words of clips.
    """

    def __init__(
        self,
        store: LatentStore,
        tokenizer: PromptTokenizer,
        settings: ExampleSettings,
        reference_frames: int,
        seed: int,
        plans: Mapping[Clip, Sequence[int]] | None = None,
    ) -> None:
        self._store = store
        self._tokenizer = tokenizer
        self._settings = settings
        self._reference_frames = reference_frames
        self._silence = tiled(store.silence, reference_frames)
        self._seed = seed
        self._plans = plans or {}
        self._by_length: dict[int, list[Entry]] = defaultdict(list)
        self._by_style: dict[tuple[int, str], list[Entry]] = defaultdict(list)
        for entry in store.entries:
            self._by_length[entry.frames].append(entry)
            self._by_style[self._kind(entry)].append(entry)
        self._words_of = lru_cache(maxsize=_KEPT_WORDS)(_words_of)
        parts = sum(_OTHER_TASKS.values())
        others = {task: (1 - settings.covers) * part / parts for task, part in _OTHER_TASKS.items()}
        self._shares = {Task.COVER: settings.covers, **others}

    def batch(self, number: int) -> list[Example]:
        """Examples of one length whose frames add up to about the settings' number, at least one.

        Sequences of one length share their kernels, which matters most on a GPU.
        """
        random = np.random.default_rng((self._seed, number))
        first = self._store.entries[random.integers(len(self._store.entries))]
        alike = self._by_length[first.frames]
        count = -(-self._settings.frames_per_batch // first.frames)
        return [self._example(random, alike[random.integers(len(alike))]) for _ in range(count)]

    def _example(self, random: np.random.Generator, entry: Entry) -> Example:
        settings = self._settings
        task = Task(random.choice(list(self._shares), p=list(self._shares.values())))
        framed = self._planned(random, entry, frame(random, task, self._store, entry, self._other(random, entry)))
        facts, lyrics = self._words_of(entry.seed, entry.seconds)
        prompt = drawn_prompt(random, facts, lyrics, framed.instruction, settings.value_dropout)
        generator = torch.Generator().manual_seed(int(random.integers(2**62)))
        return Example(
            framed=framed,
            asked=Asked(facts, task, entry.stem if task in TRACK_TASKS else ""),
            caption=self._tokenizer.caption(prompt).ids,
            lyrics=self._tokenizer.lyrics(prompt).ids,
            reference=self._reference(random, entry),
            noise=torch.randn(framed.target.shape, generator=generator),
            t=self._level(random),
            conditioned=bool(random.random() >= settings.condition_dropout),
        )

    def _planned(self, random: np.random.Generator, entry: Entry, framed: Framed) -> Framed:
        """With the codes of a plan now and then, where there is one that is long enough."""
        codes = self._plans.get((entry.seed, entry.seconds), ())
        heard = framed.task is Task.COVER and random.random() < self._settings.planned
        is_whole = len(codes) * FRAMES_PER_CODE >= len(framed.target)
        return dataclasses.replace(framed, codes=codes) if heard and is_whole else framed

    def _other(self, random: np.random.Generator, entry: Entry) -> Entry:
        """Another clip of the same style and length, where there is one."""
        alike = self._by_style[self._kind(entry)]
        others = [other for other in alike if other is not entry] or alike
        return others[random.integers(len(others))]

    @staticmethod
    def _kind(entry: Entry) -> tuple[int, str]:
        return entry.frames, facts_of(entry.seed, seconds=entry.seconds).style.name

    def _level(self, random: np.random.Generator) -> float:
        """A noise level. The law of the published models hardly ever draws the ends, where sampling begins and ends.

        At the end that it begins at, all has to come from the words; a little later latents tell most of it themselves.
        """
        kind = random.random()
        if kind < self._settings.uniform:
            return float(random.random())
        if kind < self._settings.uniform + self._settings.nearly_noise:
            return float(random.uniform(_NEARLY_NOISE, 1.0))
        drawn = random.normal(self._settings.timestep_mean, self._settings.timestep_std, 2)
        return float(1 / (1 + np.exp(-drawn.max())))

    def _reference(self, random: np.random.Generator, entry: Entry) -> torch.Tensor:
        """Silence, or as many frames of the clip as a reference has, over and over where it is shorter."""
        heard = random.random() < self._settings.reference
        return tiled(self._store.mix(entry), self._reference_frames) if heard else self._silence


def _words_of(seed: int, seconds: float | None) -> tuple[Facts, str]:
    """What a clip is about, and its lyrics."""
    described = describe(seed, seconds=seconds)
    return described.facts, described.lyrics
