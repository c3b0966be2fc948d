"""Prompts of clips that are never made: facts and words cost next to nothing, so no two batches share any."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from services.encoder.tokenization import PromptTokenizer
from training.dit.prompts import drawn_facts, drawn_prompt
from training.dit.questions import Asked, answers_of
from training.dit.tasks import TRACK_TASKS, Task, instruction_of
from training.synth.instruments import INSTRUMENTS

_TEXT_TO_MUSIC = 0.6


@dataclass(frozen=True)
class Example:
    """Token ids of a prompt, and the probabilities of the answers to each question."""

    caption: list[int]
    answers: tuple[torch.Tensor, ...]


class Examples:
    """Batch n of a seed is always the same."""

    def __init__(self, tokenizer: PromptTokenizer, prompts: int, value_dropout: float, seed: int) -> None:
        self._tokenizer = tokenizer
        self._prompts = prompts
        self._value_dropout = value_dropout
        self._seed = seed

    def batch(self, number: int) -> list[Example]:
        """So many prompts."""
        random = np.random.default_rng((self._seed, number))
        return [self._example(random) for _ in range(self._prompts)]

    def _example(self, random: np.random.Generator) -> Example:
        facts = drawn_facts(random)
        task = Task.TEXT_TO_MUSIC if random.random() < _TEXT_TO_MUSIC else Task(random.choice(list(Task)))
        stems = sorted({INSTRUMENTS[name].stem for _, name in facts.instruments} | {"drums", "vocals"})
        track = str(random.choice(stems)) if task in TRACK_TASKS else ""
        prompt = drawn_prompt(random, facts, "", instruction_of(task, track), self._value_dropout)
        return Example(self._tokenizer.caption(prompt).ids, answers_of(Asked(facts, task, track)))
