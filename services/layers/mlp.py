"""SwiGLU feed-forward block (spec/model.md §2)."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from services.layers.linear import JoinedLinear, Linear


class GatedMlp(nn.Module):
    """down(silu(gate(x)) * up(x)), without biases."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.gate_up_proj = JoinedLinear(width, {"gate_proj": hidden, "up_proj": hidden})
        self.down_proj = Linear(hidden, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Same shape [tokens, width]."""
        gate, up = self.gate_up_proj(x).chunk(2, dim=-1)
        return self.down_proj(functional.silu(gate).mul_(up))  # type: ignore[no-any-return]
