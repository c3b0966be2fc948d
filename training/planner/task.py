"""The planner as a task of the training loop: what it makes of the tokens that it is to write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from services.encoder.text import TextEncoder
from training.model_task import Batches, ModelTask
from training.planner.answers import Example
from training.planner.network import answer_ids, surprises


class PlannerTask(ModelTask[TextEncoder, Example]):
    """Trains a planner on answers alone; prompts are only read. Errors are mean surprises in nats for each token."""

    def __init__(
        self,
        model: TextEncoder,
        examples: Batches[Example],
        held_out: Batches[Example],
        *,
        first_code: int,
        tokens_per_batch: int,
        bfloat16: bool,
    ) -> None:
        super().__init__(model, examples, held_out, bfloat16=bfloat16)
        self._first_code = first_code
        self._tokens = tokens_per_batch

    @property
    def units_per_batch(self) -> float:
        """Tokens."""
        return self._tokens

    def _errors(self, examples: Sequence[Example]) -> tuple[torch.Tensor, Mapping[str, torch.Tensor]]:
        """That of all tokens to learn from; that of text and that of codes as parts."""
        found = surprises(self._model, examples)
        is_code = (answer_ids(examples) >= self._first_code).to(found.device)
        parts = {"text": found[~is_code], "codes": found[is_code]}
        return found.mean(), {name: part.mean() for name, part in parts.items() if len(part)}
