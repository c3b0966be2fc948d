"""The network of the planner with gradients: a packed causal Qwen3 whose embedding is its head (spec/planner.md §1.1).

The text encoder of the encoder stage is such a network; trained weights are served by that of the planner stage.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.nn import functional

from services.encoder.text import TextEncoder
from training.planner.answers import Example


def surprises(model: TextEncoder, examples: Sequence[Example]) -> torch.Tensor:
    """Negative log-probabilities of the tokens of all answers, end to end [tokens], in nats and float32."""
    states = model([(*example.prompt, *example.answer[:-1]) for example in examples])
    predicting = [state[-len(example.answer) :] for state, example in zip(states, examples, strict=True)]
    logits = functional.linear(torch.cat(predicting), model.embed_tokens.weight).float()
    return functional.cross_entropy(logits, answer_ids(examples).to(logits.device), reduction="none")


def answer_ids(examples: Sequence[Example]) -> torch.Tensor:
    """Token ids of all answers, end to end [tokens]."""
    return torch.tensor([token for example in examples for token in example.answer])
