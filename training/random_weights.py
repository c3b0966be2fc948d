"""Random weights whose every tensor matters: a small initialisation would hide errors (spec/model.md §8.1)."""

from __future__ import annotations

import hashlib

import torch


def random_tensor(key: str, shape: tuple[int, ...], seed: int, scale: float = 0.15) -> torch.Tensor:
    """A float32 tensor for a checkpoint key, drawn from (seed, key) alone, so that the order of writing is free.

    Matrices and kernels are N(0, scale), norm weights 1 + 0.2 N, Snake parameters 0.3 N, weight-norm gains within
    0.3 and 0.8 (deep stacks of Snakes amplify float noise where they are larger), other vectors 0.1 N.
    """
    digest = hashlib.sha256(f"{seed}:{key}".encode()).digest()
    generator = torch.Generator().manual_seed(int.from_bytes(digest[:8], "little") >> 1)
    if key.endswith("weight_g"):
        return 0.3 + 0.5 * torch.rand(shape, generator=generator)
    noise = torch.randn(shape, generator=generator)
    if key.endswith((".alpha", ".beta")):
        return 0.3 * noise
    if len(shape) == 1:
        return 1 + 0.2 * noise if key.endswith("norm.weight") or "norm_out" in key else 0.1 * noise
    return scale * noise
