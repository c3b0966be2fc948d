"""The roof of networks of linear layers: one large product, alone."""

from __future__ import annotations

import torch

from bench.clock import best_seconds
from services.layers.linear import linear, packed


def product_rate(rows: int, width: int, out: int, device: torch.device) -> float:
    """FLOP/s of [rows, width] times [width, out] in bfloat16, over packed weights."""
    x = torch.randn(rows, width, device=device).bfloat16()
    weight = packed(torch.randn(out, width, device=device).bfloat16())
    return 2.0 * rows * width * out / best_seconds(device, lambda: linear(x, weight), 5)
