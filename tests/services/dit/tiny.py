"""Tiny transformers whose every weight matters (spec/model.md §8.1), as configs, as weights and as modules."""

from __future__ import annotations

from typing import Any

import torch

from services.dit.checkpoint import PREFIX, tensor_shapes
from services.dit.config import DitConfig
from services.dit.model import DiffusionTransformer
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


def transformer(values: dict[str, Any], dtype: torch.dtype = torch.float32) -> DiffusionTransformer:
    """A transformer with `weights(values)`."""
    with torch.device("meta"):
        model = DiffusionTransformer(DitConfig.from_json(values))
    state = {key.removeprefix(PREFIX): tensor.to(dtype) for key, tensor in weights(values).items()}
    model.load_state_dict(state, strict=True, assign=True)
    return model.requires_grad_(False).eval()


def normal(seed: int, *shape: int) -> torch.Tensor:
    """Standard normal numbers."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))
