"""The periodic activation of the codec (spec/model.md §2.10)."""

from __future__ import annotations

import torch
from torch import nn

# Elements of a piece: what is written by one operation is still in the cache of a CPU's core for the next.
_PIECE = 2**19


class Snake(nn.Module):
    """x + sin(e^alpha x)^2 / e^beta on [batch, time, channels]: periodic, with learned pitch and depth per channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.zeros(1, channels, 1))
        self.beta = nn.Parameter(torch.zeros(1, channels, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Same shape."""
        pitch = self.alpha.flatten().exp().to(x.dtype)
        depth = (1 / (self.beta.flatten().exp() + 1e-9)).to(x.dtype)
        if pitch.requires_grad:
            return torch.addcmul(x, (x * pitch).sin().square(), depth)
        if x.device.type != "cpu":
            return torch.addcmul(x, (x * pitch).sin_().square_(), depth)
        out = torch.empty(x.shape, dtype=x.dtype)
        length = max(1, _PIECE // x.shape[2])
        for item, result in zip(x, out, strict=True):
            for piece, wave in zip(item.split(length), result.split(length), strict=True):
                torch.mul(piece, pitch, out=wave)
                torch.addcmul(piece, wave.sin_().square_(), depth, out=wave)
        return out
