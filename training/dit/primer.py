"""Words over pure noise, before any music and between it: what the transformer is asked on the way needs none.

A batch of music has a dozen tempos, and one of these a hundred, so a transformer soon makes places in bar and beat of
the clock and the tempo. One that has learned from music first does not: it has found other ways to lower its errors.

Most pieces are from near the beginning of a song, where waves of the clock that lie close are still alike. There a
transformer learns which waves a tempo is about, then which one it is: from pieces of anywhere it learned nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from services.encoder.tokenization import PromptTokenizer
from serving.settings import setting
from training.clock import FRAMES_PER_SECOND
from training.dit.examples import Example, Examples
from training.dit.prompts import drawn_facts, drawn_prompt
from training.dit.questions import Asked
from training.dit.tasks import Framed, Task, instruction_of
from training.latents import tiled

# Where a piece of a clip begins at the latest, and the power of a number from 0 to 1 that is its share of that.
_LATEST_SECONDS, _EARLY = 30, 3
_VALUE_DROPOUT = 0.05


@dataclass(frozen=True)
class PrimerSettings:
    """How much comes before music and between it, and in what pieces."""

    primer_batches: int = setting(0, "batches of words over noise that come before those of music", at_least=0)
    primer_every: int = setting(0, "after those, each batch of such a multiple is one more; 0 for none", at_least=0)
    primer_items: int = setting(96, "items in such a batch, each of another prompt", at_least=1)
    primer_frames: int = setting(16, "frames of noise of an item", at_least=1)


class Primed:
    """Batches of words over noise, then those of music. Batch n is always the same."""

    def __init__(
        self,
        music: Examples,
        tokenizer: PromptTokenizer,
        silence: torch.Tensor,
        reference_frames: int,
        settings: PrimerSettings,
        seed: int,
    ) -> None:
        self._music = music
        self._tokenizer = tokenizer
        self._silence = silence
        self._reference = tiled(silence, reference_frames)
        self._settings = settings
        self._seed = seed

    def batch(self, number: int) -> Sequence[Example]:
        """That of a number."""
        if not self._is_primer(number):
            return self._music.batch(number)
        random = np.random.default_rng((self._seed, number, 1))
        return [self._example(random) for _ in range(self._settings.primer_items)]

    def _is_primer(self, number: int) -> bool:
        every = self._settings.primer_every
        return number < self._settings.primer_batches or (every > 0 and number % every == 0)

    def _example(self, random: np.random.Generator) -> Example:
        facts = drawn_facts(random)
        instruction = instruction_of(Task.TEXT_TO_MUSIC)
        prompt = drawn_prompt(random, facts, "", instruction, _VALUE_DROPOUT)
        first = int(random.random() ** _EARLY * _LATEST_SECONDS * FRAMES_PER_SECOND)
        silence = self._silence[first : first + self._settings.primer_frames]
        generator = torch.Generator().manual_seed(int(random.integers(2**62)))
        return Example(
            framed=Framed(Task.TEXT_TO_MUSIC, instruction, silence, silence, torch.ones(len(silence))),
            asked=Asked(facts, Task.TEXT_TO_MUSIC, ""),
            caption=self._tokenizer.caption(prompt).ids,
            lyrics=self._tokenizer.lyrics(prompt).ids,
            reference=self._reference,
            noise=torch.randn(silence.shape, generator=generator),
            t=1.0,
            conditioned=True,
            first_frame=first,
            is_music=False,
        )
