"""What trainers of a module have in common: batches drawn by their number, and the same errors on clips held out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import torch
from torch import nn

from training.loop import Tensors
from training.weights import weights

_HELD_OUT_BATCHES = 4

Example = TypeVar("Example")
Drawn = TypeVar("Drawn", covariant=True)
Model = TypeVar("Model", bound=nn.Module)


class Batches(Protocol[Drawn]):
    """Examples by the number of a batch."""

    def batch(self, number: int) -> Sequence[Drawn]:
        """Batch n is always the same."""


class ModelTask(ABC, Generic[Model, Example]):
    """A task of the training loop that trains all weights of a module."""

    def __init__(self, model: Model, examples: Batches[Example], held_out: Batches[Example], *, bfloat16: bool) -> None:
        self._model = model
        self._examples = examples
        self._held_out = held_out
        self._dtype = torch.bfloat16 if bfloat16 else torch.float32
        self._device = next(model.parameters()).device

    @property
    def parameters(self) -> Tensors:
        """All weights."""
        return dict(self._model.named_parameters())

    def loss(self, batch: int) -> tuple[torch.Tensor, Mapping[str, torch.Tensor]]:
        """The errors of a batch: their sum or mean to learn from, and each by its name."""
        return self._errors_of(self.parameters, self._examples.batch(batch))

    def sample(self, averaged: Tensors, folder: Path) -> Mapping[str, float]:
        """The same errors of the averaged weights on clips held out; each is the mean of the batches that have it."""
        found: dict[str, list[float]] = {}
        with torch.no_grad():
            for number in range(_HELD_OUT_BATCHES):
                for name, error in self._errors_of(averaged, self._held_out.batch(number))[1].items():
                    found.setdefault(name, []).append(float(error))
        return {name: sum(errors) / len(errors) for name, errors in found.items()}

    @abstractmethod
    def _errors(self, examples: Sequence[Example]) -> tuple[torch.Tensor, Mapping[str, torch.Tensor]]:
        """What the module makes of examples."""

    def _errors_of(
        self, tensors: Tensors, examples: Sequence[Example]
    ) -> tuple[torch.Tensor, Mapping[str, torch.Tensor]]:
        """The errors of weights in the type that is computed in, which is that of the stages; gradients are in it too,
        and add up in the type of the weights."""
        with weights(self._model, {name: tensor.to(self._dtype) for name, tensor in tensors.items()}):
            return self._errors(examples)
