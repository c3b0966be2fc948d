"""Embedding of the noise level (spec/model.md §2.7)."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional

from services.layers.linear import Linear

FREQUENCIES = 128
MODULATIONS = 6
_SCALE = 1000
_LONGEST_PERIOD = 10_000


class TimeEmbedding(nn.Module):
    """Sinusoids of a noise level through a small MLP, and its projection to the modulations of every block."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.linear_1 = Linear(2 * FREQUENCIES, width, bias=True)
        self.linear_2 = Linear(width, width, bias=True)
        self.time_proj = Linear(width, MODULATIONS * width, bias=True)

    def forward(self, t: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Embedding [batch, width] and modulations [batch, 6, width] of noise levels [batch] in the model dtype."""
        hidden = self.linear_2(functional.silu(self.linear_1(sinusoids(t))))
        modulations = self.time_proj(functional.silu(hidden))
        return hidden, modulations.unflatten(1, (MODULATIONS, -1))


def sinusoids(t: torch.Tensor) -> torch.Tensor:
    """[cosines | sines] of 1000 t, [batch, 256], in the dtype of t.

    The product with 1000 is taken in that dtype too: in bfloat16 it is coarse, and the models were trained so.
    """
    exponents = torch.arange(FREQUENCIES, device=t.device, dtype=torch.float32) / FREQUENCIES
    frequencies = torch.exp(-math.log(_LONGEST_PERIOD) * exponents)
    angles = (_SCALE * t).float()[:, None] * frequencies
    return torch.cat((angles.cos(), angles.sin()), dim=-1).to(t.dtype)
