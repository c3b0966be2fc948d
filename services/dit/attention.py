"""Attention of packed sequences to themselves and to their conditions (spec/model.md §2.7)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from services.dit.packing import Packing
from services.layers.attention import AttentionShape, KeysValues, attend
from services.layers.linear import JoinedLinear, Linear
from services.layers.norm import RMSNorm
from services.layers.rotary import rotate


class SelfAttention(nn.Module):
    """Bidirectional attention of each sequence to itself, to all of it or to a sliding window."""

    def __init__(self, width: int, shape: AttentionShape, window: int | None) -> None:
        super().__init__()
        self.shape = shape
        self.window = window
        self.qkv_proj = JoinedLinear(
            width, {"q_proj": shape.query_width, "k_proj": shape.key_width, "v_proj": shape.key_width}
        )
        self.o_proj = Linear(shape.query_width, width)
        self.q_norm = RMSNorm(shape.head_dim)
        self.k_norm = RMSNorm(shape.head_dim)

    def forward(self, x: torch.Tensor, packing: Packing) -> torch.Tensor:
        """Same shape [tokens, width]."""
        heads = self.qkv_proj(x).unflatten(1, (-1, self.shape.head_dim))
        queries, keys, values = heads.split((self.shape.heads, self.shape.kv_heads, self.shape.kv_heads), dim=1)
        queries = rotate(self.q_norm(queries), packing.rotation)
        keys = rotate(self.k_norm(keys), packing.rotation)
        out = packing.each(queries, lambda _, part: attend(queries[part], keys[part], values[part], window=self.window))
        return self.o_proj(out.flatten(1))  # type: ignore[no-any-return]


class CrossAttention(nn.Module):
    """Attention of each sequence to its condition; no positions, no mask."""

    def __init__(self, width: int, shape: AttentionShape) -> None:
        super().__init__()
        self.shape = shape
        self.q_proj = Linear(width, shape.query_width)
        self.kv_proj = JoinedLinear(width, {"k_proj": shape.key_width, "v_proj": shape.key_width})
        self.o_proj = Linear(shape.query_width, width)
        self.q_norm = RMSNorm(shape.head_dim)
        self.k_norm = RMSNorm(shape.head_dim)

    def keys_values(self, condition: torch.Tensor) -> KeysValues:
        """Keys and values [tokens, kv_heads, head_dim] of a condition [tokens, width]."""
        heads = self.kv_proj(condition).unflatten(1, (-1, self.shape.head_dim))
        keys, values = heads.split(self.shape.kv_heads, dim=1)
        return self.k_norm(keys), values

    def forward(self, x: torch.Tensor, packing: Packing, conditions: Sequence[KeysValues]) -> torch.Tensor:
        """Same shape [tokens, width]; one condition for each sequence."""
        queries = self.q_norm(self.q_proj(x).unflatten(1, (-1, self.shape.head_dim)))
        out = packing.each(queries, lambda number, part: attend(queries[part], *conditions[number]))
        return self.o_proj(out.flatten(1))  # type: ignore[no-any-return]
