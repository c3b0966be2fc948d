"""Finite scalar quantisation of the audio tokenizer (spec/model.md §2.8; Mentzer et al. 2023)."""

from __future__ import annotations

import math

import torch
from torch import nn

from services.encoder.config import EncoderConfig
from services.layers.linear import linear


class FiniteScalarQuantizer(nn.Module):
    """Rounds a few bounded dimensions to levels, in float32; a code is a number in their mixed radix.

    The projections run in the model dtype, but for the one before the codes of XL models, which runs in float32.
    """

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.levels = config.fsq_levels
        self.is_xl = config.is_xl
        self.project_in = nn.Linear(config.width, len(self.levels))
        self.project_out = nn.Linear(len(self.levels), config.width)

    def encode(self, x: torch.Tensor) -> torch.Tensor:
        """Codes [tokens] (int64) of [tokens, width]."""
        dtype = torch.float32 if self.is_xl else x.dtype
        z = linear(x.to(dtype), self.project_in.weight.to(dtype)) + self.project_in.bias.to(dtype)
        return codes_of(z.float(), self.levels)

    def decode(self, codes: torch.Tensor) -> torch.Tensor:
        """[tokens, width] of codes [tokens]."""
        weight, bias = self.project_out.weight, self.project_out.bias
        return linear(values_of(codes, self.levels).to(weight.dtype), weight) + bias


def codes_of(z: torch.Tensor, levels: tuple[int, ...]) -> torch.Tensor:
    """Codes [...] of unbounded values [..., dimensions]. The soft clamp c tanh(z / c) reaches the outer levels."""
    steps = torch.tensor(levels, device=z.device, dtype=torch.float32) - 1
    ceiling = 1 + 1 / steps
    bounded = (ceiling * torch.tanh(z / ceiling)).clamp(-1, 1)
    digits = torch.floor(steps * (bounded + 1) / 2 + 0.5).long()
    return (digits * _basis(levels, z.device)).sum(-1)


def values_of(codes: torch.Tensor, levels: tuple[int, ...]) -> torch.Tensor:
    """Values within -1 and 1 [..., dimensions] (float32) of codes [...]."""
    sizes = torch.tensor(levels, device=codes.device)
    digits = codes[..., None] // _basis(levels, codes.device) % sizes
    return 2 * digits.float() / (sizes - 1) - 1


def _basis(levels: tuple[int, ...], device: torch.device) -> torch.Tensor:
    return torch.tensor([math.prod(levels[:place]) for place in range(len(levels))], device=device)
