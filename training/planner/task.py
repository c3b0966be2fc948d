"""The planner as a task of the training loop: what it makes of the tokens that it is to write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import torch

from services.encoder.text import TextEncoder
from training.loop import Tensors
from training.planner.answers import Example
from training.planner.network import answer_ids, surprises
from training.weights import weights

_HELD_OUT_BATCHES = 4


class Batches(Protocol):
    """Examples by the number of a batch."""

    def batch(self, number: int) -> Sequence[Example]:
        """Batch n is always the same."""


class PlannerTask:
    """Trains a planner on answers alone; prompts are only read."""

    def __init__(
        self,
        model: TextEncoder,
        examples: Batches,
        held_out: Batches,
        *,
        first_code: int,
        tokens_per_batch: int,
        autocast: bool,
    ) -> None:
        self._model = model
        self._examples = examples
        self._held_out = held_out
        self._first_code = first_code
        self._tokens = tokens_per_batch
        self._autocast = autocast
        self._device = next(model.parameters()).device

    @property
    def parameters(self) -> Tensors:
        """All weights."""
        return dict(self._model.named_parameters())

    @property
    def units_per_batch(self) -> float:
        """Tokens."""
        return self._tokens

    def loss(self, batch: int) -> tuple[torch.Tensor, Mapping[str, torch.Tensor]]:
        """Mean surprise in nats for each token; that of text and that of codes as parts."""
        return self._surprise(self._examples.batch(batch))

    def sample(self, averaged: Tensors, folder: Path) -> Mapping[str, float]:
        """The same of the averaged weights on clips held out."""
        found: dict[str, list[float]] = {}
        with torch.no_grad(), weights(self._model, averaged):
            for number in range(_HELD_OUT_BATCHES):
                for name, part in self._surprise(self._held_out.batch(number))[1].items():
                    found.setdefault(name, []).append(float(part))
        return {name: sum(parts) / len(parts) for name, parts in found.items()}

    def _surprise(self, examples: Sequence[Example]) -> tuple[torch.Tensor, Mapping[str, torch.Tensor]]:
        with torch.autocast(self._device.type, dtype=torch.bfloat16, enabled=self._autocast):
            found = surprises(self._model, examples)
        is_code = (answer_ids(examples) >= self._first_code).to(found.device)
        parts = {"text": found[~is_code], "codes": found[is_code]}
        return found.mean(), {name: part.mean() for name, part in parts.items() if len(part)}
