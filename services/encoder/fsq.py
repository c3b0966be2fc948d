"""Finite scalar quantisation of the audio tokenizer (spec/model.md §2.8; Mentzer et al. 2023)."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional

from services.encoder.config import EncoderConfig


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
        """Codes [batch, tokens] (int64) of [batch, tokens, width]."""
        if self.is_xl:
            z = functional.linear(x.float(), self.project_in.weight.float(), self.project_in.bias.float())
        else:
            z = self.project_in(x).float()
        return codes_of(z, self.levels)

    def decode(self, codes: torch.Tensor) -> torch.Tensor:
        """[batch, tokens, width] of codes [batch, tokens]."""
        values: torch.Tensor = self.project_out(values_of(codes, self.levels).to(self.project_out.weight.dtype))
        return values


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
