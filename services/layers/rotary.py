"""Rotary position embedding with rotated halves (spec/model.md §2)."""

from __future__ import annotations

import torch

Rotation = tuple[torch.Tensor, torch.Tensor]


def rotation(positions: int, head_dim: int, theta: float, *, device: torch.device, dtype: torch.dtype) -> Rotation:
    """Cosines and sines [positions, head_dim] of positions 0 and up; computed in float32, rounded once."""
    exponents = torch.arange(0, head_dim, 2, device=device, dtype=torch.float32) / head_dim
    frequencies = theta**-exponents
    angles = torch.arange(positions, device=device, dtype=torch.float32)[:, None] * frequencies
    angles = torch.cat((angles, angles), dim=-1)
    return angles.cos().to(dtype), angles.sin().to(dtype)


class RotationTable:
    """Rotations of positions 0 and up, made when they are first asked for, and again where more are."""

    def __init__(self, head_dim: int, theta: float) -> None:
        self._head_dim = head_dim
        self._theta = theta
        self._table: Rotation | None = None

    def upto(self, positions: int, like: torch.Tensor) -> Rotation:
        """Cosines and sines [positions or more, head_dim], on the device and in the type of a tensor."""
        if self._table is None or len(self._table[0]) < positions:
            self._table = rotation(positions, self._head_dim, self._theta, device=like.device, dtype=like.dtype)
        return self._table


def rotate(x: torch.Tensor, rotation: Rotation) -> torch.Tensor:
    """Rotates queries or keys [batch, heads, tokens, head_dim]; element k pairs with k + head_dim / 2."""
    cos, sin = rotation
    first, second = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-second, first), dim=-1) * sin
