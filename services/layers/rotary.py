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


def rotate(x: torch.Tensor, rotation: Rotation) -> torch.Tensor:
    """Rotates queries or keys [batch, heads, tokens, head_dim]; element k pairs with k + head_dim / 2."""
    cos, sin = rotation
    first, second = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-second, first), dim=-1) * sin
