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
    """Codes [...] of unbounded values [..., dimensions]."""
    return (digits_of(soft_clamp(z, levels), levels).long() * _basis(levels, z.device)).sum(-1)


def soft_clamp(z: torch.Tensor, levels: tuple[int, ...]) -> torch.Tensor:
    """c tanh(z / c) of unbounded values, a little beyond -1 and 1, so that it reaches the outer levels."""
    ceiling = 1 + 1 / _steps(levels, z.device)
    return ceiling * torch.tanh(z / ceiling)


def digits_of(bounded: torch.Tensor, levels: tuple[int, ...]) -> torch.Tensor:
    """The nearest level of each dimension, counted from 0, as float32; halves round up."""
    return torch.floor(_steps(levels, bounded.device) * (bounded.clamp(-1, 1) + 1) / 2 + 0.5)


def level_values(digits: torch.Tensor, levels: tuple[int, ...]) -> torch.Tensor:
    """Values within -1 and 1 of levels."""
    return 2 * digits / _steps(levels, digits.device) - 1


def values_of(codes: torch.Tensor, levels: tuple[int, ...]) -> torch.Tensor:
    """Values within -1 and 1 [..., dimensions] (float32) of codes [...]."""
    sizes = torch.tensor(levels, device=codes.device)
    digits = codes[..., None] // _basis(levels, codes.device) % sizes
    return level_values(digits.float(), levels)


def _steps(levels: tuple[int, ...], device: torch.device) -> torch.Tensor:
    return torch.tensor(levels, device=device, dtype=torch.float32) - 1


def _basis(levels: tuple[int, ...], device: torch.device) -> torch.Tensor:
    return torch.tensor([math.prod(levels[:place]) for place in range(len(levels))], device=device)
