"""The text encoder as a task of the training loop: what the last token of a prompt knows of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import nn

from services.encoder.text import TextEncoder
from services.runtime.qwen3 import Qwen3Config
from training.dit.questions import ANSWERS, QUESTIONS, surprise
from training.model_task import Batches, ModelTask
from training.words.examples import Example
from training.words.reading import read_together


class Reader(nn.Module):
    """A text encoder, and what answers the questions; that is not served."""

    def __init__(self, text: dict[str, object]) -> None:
        super().__init__()
        self.text_encoder = TextEncoder(Qwen3Config.from_json(text))
        self.answers = nn.Linear(self.text_encoder.config.width, ANSWERS)

    def forward(self, prompts: Sequence[Sequence[int]]) -> torch.Tensor:
        """Logits [prompts, answers] in float32. The last token alone sees a whole prompt."""
        return self.answers(torch.stack([states[-1] for states in read_together(self.text_encoder, prompts)])).float()  # type: ignore[no-any-return]


class WordsTask(ModelTask[Reader, Example]):
    """Trains a reader. Errors are surprises in nats; `right` is the share of likeliest answers that are."""

    def __init__(
        self, model: Reader, examples: Batches[Example], held_out: Batches[Example], *, prompts: int, bfloat16: bool
    ) -> None:
        super().__init__(model, examples, held_out, bfloat16=bfloat16)
        self._prompts = prompts

    @property
    def units_per_batch(self) -> float:
        """Prompts."""
        return self._prompts

    def _errors(self, examples: Sequence[Example]) -> tuple[torch.Tensor, Mapping[str, torch.Tensor]]:
        """The sum of the surprises, and what it is made of."""
        logits = self._model([example.caption for example in examples])
        found, right = surprise(logits, [example.answers for example in examples])
        parts = {name: each.detach() for name, each in zip(QUESTIONS, found, strict=True)}
        shares = {f"{name}_right": each for name, each in zip(QUESTIONS[:-1], right, strict=True)}
        return found.sum(), parts | shares
