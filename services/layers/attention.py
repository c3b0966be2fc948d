"""Grouped-query attention with normalised queries and keys (spec/model.md §2)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from services.layers.norm import RMSNorm
from services.layers.rotary import Rotation, rotate


@dataclass(frozen=True)
class AttentionShape:
    """Heads of an attention. `heads * head_dim` need not be the width of the stream."""

    heads: int
    kv_heads: int
    head_dim: int

    @property
    def query_width(self) -> int:
        """All query heads, side by side."""
        return self.heads * self.head_dim

    @property
    def key_width(self) -> int:
        """All key heads, or all value heads, side by side."""
        return self.kv_heads * self.head_dim


KeysValues = tuple[torch.Tensor, torch.Tensor]


def attend(
    queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, *, window: int | None = None
) -> torch.Tensor:
    """Attention of one sequence, [tokens, heads, head_dim], shaped as the queries.

    With a window a query sees the keys of positions |i - j| <= window. Queries then go in blocks of the window's size,
    each with the keys that it can see, so that the cost grows with the length, not with its square.
    """
    if window is None or len(queries) <= 2 * window:
        mask = None if window is None else band_mask(len(queries), window, queries.device)
        return _attend(queries, keys, values, mask)
    out = torch.empty_like(queries)
    places = torch.arange(len(keys), device=queries.device)
    for start in range(0, len(queries), window):
        end = min(start + window, len(queries))
        seen = slice(max(start - window, 0), min(end + window, len(keys)))
        mask = (places[start:end, None] - places[seen]).abs() <= window
        out[start:end] = _attend(queries[start:end], keys[seen], values[seen], mask)
    return out


def _attend(queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
    grouped = queries.shape[1] != keys.shape[1]
    queries, keys, values = (tensor.transpose(0, 1)[None] for tensor in (queries, keys, values))
    out = functional.scaled_dot_product_attention(queries, keys, values, attn_mask=mask, enable_gqa=grouped)
    return out[0].transpose(0, 1)


class Attention(nn.Module):
    """Bidirectional attention of a stream to itself or to another one of the same width."""

    def __init__(self, width: int, shape: AttentionShape) -> None:
        super().__init__()
        self.shape = shape
        self.q_proj = nn.Linear(width, shape.heads * shape.head_dim, bias=False)
        self.k_proj = nn.Linear(width, shape.kv_heads * shape.head_dim, bias=False)
        self.v_proj = nn.Linear(width, shape.kv_heads * shape.head_dim, bias=False)
        self.o_proj = nn.Linear(shape.heads * shape.head_dim, width, bias=False)
        self.q_norm = RMSNorm(shape.head_dim)
        self.k_norm = RMSNorm(shape.head_dim)

    def forward(self, x: torch.Tensor, rotation: Rotation, mask: torch.Tensor | None = None) -> torch.Tensor:
        """Self-attention of [batch, tokens, width]. `mask` is boolean, true where a query may see a key."""
        keys, values = self.keys_values(x)
        queries = rotate(self._queries(x), rotation)
        return self._attend(queries, rotate(keys, rotation), values, mask)

    def cross(self, x: torch.Tensor, keys_values: KeysValues) -> torch.Tensor:
        """Attention of [batch, tokens, width] to keys and values that `keys_values` made; no positions, no mask."""
        return self._attend(self._queries(x), *keys_values, None)

    def keys_values(self, source: torch.Tensor) -> KeysValues:
        """Keys and values [batch, kv_heads, tokens, head_dim] of a source [batch, tokens, width], unrotated."""
        keys = self.k_norm(self._split(self.k_proj(source), self.shape.kv_heads))
        return keys, self._split(self.v_proj(source), self.shape.kv_heads)

    def _queries(self, x: torch.Tensor) -> torch.Tensor:
        return self.q_norm(self._split(self.q_proj(x), self.shape.heads))  # type: ignore[no-any-return]

    def _split(self, x: torch.Tensor, heads: int) -> torch.Tensor:
        return x.view(*x.shape[:-1], heads, self.shape.head_dim).transpose(1, 2)

    def _attend(
        self, queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, mask: torch.Tensor | None
    ) -> torch.Tensor:
        grouped = self.shape.heads != self.shape.kv_heads
        out = functional.scaled_dot_product_attention(queries, keys, values, attn_mask=mask, enable_gqa=grouped)
        return self.o_proj(out.transpose(1, 2).flatten(2))  # type: ignore[no-any-return]


def band_mask(tokens: int, window: int, device: torch.device) -> torch.Tensor | None:
    """Mask [tokens, tokens] of a sliding window, |i - j| <= window; None where the window covers everything."""
    if tokens <= window + 1:
        return None
    position = torch.arange(tokens, device=device)
    return (position[:, None] - position[None, :]).abs() <= window
