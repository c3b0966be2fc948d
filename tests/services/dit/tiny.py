"""Tiny transformers whose every weight matters (spec/model.md §8.1), as configs, as weights and as modules."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import torch

from services.dit.checkpoint import PREFIX, tensor_shapes
from services.dit.config import DitConfig
from services.dit.engine import DitEngine
from services.dit.items import Work
from services.dit.model import Branch, DiffusionTransformer
from services.dit.plan import SamplingDefaults
from services.dit.stepper import DitStepper
from services.runtime.batching import BatchQueue
from services.runtime.checkpoints import load_module
from serving.telemetry import Telemetry
from training.random_weights import random_tensor

CHANNELS = 8
CONDITION_WIDTH = 32
TINY: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 56,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "in_channels": 3 * CHANNELS,
    "audio_acoustic_hidden_dim": CHANNELS,
    "patch_size": 2,
    "sliding_window": 3,
    "rope_theta": 1e6,
    "is_turbo": True,
}
XL = {**TINY, "hidden_size": 48, "intermediate_size": 80, "encoder_hidden_size": CONDITION_WIDTH}


def weights(values: dict[str, Any], seed: int = 1) -> dict[str, torch.Tensor]:
    """Weights by their key on disk."""
    shapes = tensor_shapes(DitConfig.from_json(values))
    return {key: random_tensor(key, shape, seed) for key, shape in shapes.items()}


class Tensors:
    """Weights as a file holds them."""

    def __init__(self, tensors: dict[str, torch.Tensor]) -> None:
        self._tensors = tensors

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {key: tuple(tensor.shape) for key, tensor in self._tensors.items()}

    def location(self, key: str) -> str:
        return key

    def read(self, key: str) -> torch.Tensor:
        return self._tensors[key]


def transformer(values: dict[str, Any], dtype: torch.dtype = torch.float32) -> DiffusionTransformer:
    """A transformer with `weights(values)`."""
    with torch.device("meta"):
        model = DiffusionTransformer(DitConfig.from_json(values))
    load_module(model, Tensors(weights(values)), PREFIX, dtype=dtype, device=torch.device("cpu"))
    return model.eval()


@torch.inference_mode()
def velocity(
    model: DiffusionTransformer,
    latents: torch.Tensor,
    context: torch.Tensor,
    condition: torch.Tensor,
    levels: Sequence[float],
    interval: float = 0.0,
) -> torch.Tensor:
    """Velocities of a batch of equal lengths [batch, frames, channels], in one forward pass."""
    batch = zip(latents, context, condition, levels, strict=True)
    return torch.stack(
        model([Branch(x, given, model.cache_condition(words), t, t - interval) for x, given, words, t in batch])
    )


@asynccontextmanager
async def dit_engine(
    model: DiffusionTransformer,
    silence: torch.Tensor,
    defaults: SamplingDefaults,
    *,
    tokens_per_step: int = 2048,
    max_items: int = 16,
    deterministic: bool = False,
    max_queued_cost: float = 1e9,
) -> AsyncIterator[tuple[DitEngine, BatchQueue[Work]]]:
    """An engine and its queue."""
    stepper = DitStepper(
        model, silence, tokens_per_step=tokens_per_step, max_items=max_items, deterministic=deterministic
    )
    telemetry = Telemetry.off()
    async with BatchQueue("dit", stepper, telemetry, max_queued_items=64, max_queued_cost=max_queued_cost) as queue:
        yield DitEngine(defaults, queue), queue


def normal(seed: int, *shape: int) -> torch.Tensor:
    """Standard normal numbers."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))
