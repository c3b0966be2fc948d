"""Grouped-query attention with normalised queries and keys (spec/model.md §2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from services.layers.linear import JoinedLinear, Linear
from services.layers.norm import RMSNorm
from services.layers.packing import Packing, joined
from services.layers.rotary import rotate


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

# Queries whose attention to every key is held at once: 23 MB for a condition of 2,800 tokens.
_QUERIES_AT_ONCE = 2048


@dataclass(frozen=True)
class Sight:
    """Which keys a query sees: all, those within a `window` on both sides, or, where `causal`, none after its own."""

    window: int | None = None
    causal: bool = False


EVERYTHING = Sight()


def attend(queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, sight: Sight = EVERYTHING) -> torch.Tensor:
    """Attention within sequences of one length, [sequences, tokens, heads, head_dim], shaped as the queries.

    With a window a query sees the keys of positions |i - j| <= window. Queries then go in blocks of the window's size,
    each with the keys that it can see, so that the cost grows with the length, not with its square.
    """
    tokens, window = queries.shape[1], sight.window
    if window is None or tokens <= window + 1:
        return _attend(queries, keys, values, causal=sight.causal)
    out = torch.empty_like(queries)
    places = torch.arange(tokens, device=queries.device)
    block = tokens if tokens <= 2 * window else window
    for start in range(0, tokens, block):
        end = min(start + block, tokens)
        seen = slice(max(start - window, 0), min(end + window, tokens))
        mask = (places[start:end, None] - places[seen]).abs() <= window
        out[:, start:end] = _attend(queries[:, start:end], keys[:, seen], values[:, seen], mask)
    return out


def _attend(
    queries: torch.Tensor,
    keys: torch.Tensor,
    values: torch.Tensor,
    mask: torch.Tensor | None = None,
    *,
    causal: bool = False,
) -> torch.Tensor:
    if queries.requires_grad and queries.device.type == "cpu":
        return _attend_by_products(queries, keys, values, _causal(queries, keys) if causal else mask)
    grouped = queries.shape[2] != keys.shape[2]
    queries, keys, values = (tensor.transpose(1, 2) for tensor in (queries, keys, values))
    out = functional.scaled_dot_product_attention(
        queries, keys, values, attn_mask=mask, is_causal=causal, enable_gqa=grouped
    )
    return out.transpose(1, 2)


def _attend_by_products(
    queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, mask: torch.Tensor | None
) -> torch.Tensor:
    """The same in the plain way: with gradients, that takes a CPU half to a fifth of the time of the joined kernel."""
    sequences, tokens, heads, width = queries.shape
    groups = keys.shape[2]
    rows = queries.reshape(sequences, tokens, groups, -1, width).permute(0, 2, 3, 1, 4)
    rows = rows.reshape(sequences * groups, -1, width)
    scores = torch.bmm(rows * width**-0.5, keys.permute(0, 2, 3, 1).reshape(-1, width, keys.shape[1]))
    if mask is not None:
        scores = scores.view(-1, tokens, scores.shape[2]).masked_fill(~mask, -torch.inf).view_as(scores)
    attended = torch.bmm(scores.softmax(-1), values.transpose(1, 2).reshape(-1, values.shape[1], width))
    parted = attended.view(sequences, groups, -1, tokens, width).permute(0, 3, 1, 2, 4)
    return parted.reshape(sequences, tokens, heads, width)


def _causal(queries: torch.Tensor, keys: torch.Tensor) -> torch.Tensor:
    return torch.ones(queries.shape[1], keys.shape[1], dtype=torch.bool, device=queries.device).tril()


class SelfAttention(nn.Module):
    """Attention of each packed sequence to itself."""

    def __init__(self, width: int, shape: AttentionShape, sight: Sight, eps: float = 1e-6) -> None:
        super().__init__()
        self.shape = shape
        self.sight = sight
        self.qkv_proj = JoinedLinear(
            width, {"q_proj": shape.query_width, "k_proj": shape.key_width, "v_proj": shape.key_width}
        )
        self.o_proj = Linear(shape.query_width, width)
        self.q_norm = RMSNorm(shape.head_dim, eps)
        self.k_norm = RMSNorm(shape.head_dim, eps)

    def forward(self, x: torch.Tensor, packing: Packing) -> torch.Tensor:
        """Same shape [tokens, width]."""
        heads = self.qkv_proj(x).unflatten(1, (-1, self.shape.head_dim))
        queries, keys, values = heads.split((self.shape.heads, self.shape.kv_heads, self.shape.kv_heads), dim=1)
        queries = rotate(self.q_norm(queries), packing.rotation)
        keys = rotate(self.k_norm(keys), packing.rotation)
        runs = zip(packing.in_runs(queries), packing.in_runs(keys), packing.in_runs(values), strict=True)
        attended = joined([attend(*run, self.sight) for run in runs])
        return self.o_proj(attended.flatten(1))  # type: ignore[no-any-return]


class CrossAttention(nn.Module):
    """Attention of each packed sequence to its condition; no positions, no mask."""

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
        pairs = zip(packing.sequences(queries), conditions, strict=True)
        attended = joined([attend(part[None], keys[None], values[None]) for part, (keys, values) in pairs])
        return self.o_proj(attended.flatten(1))  # type: ignore[no-any-return]

    def attention(self, x: torch.Tensor, keys: torch.Tensor, heads: Sequence[int], first: int) -> torch.Tensor:
        """What tokens [tokens, width] see: their attention to the first keys, [tokens, first], summed over some heads.

        In float32. The other keys of the condition take the rest of the attention.
        """
        queries = self.q_norm(self.q_proj(x).unflatten(1, (-1, self.shape.head_dim)))
        seen = torch.zeros(len(x), first, device=x.device)
        for head in heads:
            group = keys[:, head * self.shape.kv_heads // self.shape.heads].float().t() * self.shape.head_dim**-0.5
            for start in range(0, len(x), _QUERIES_AT_ONCE):
                rows = slice(start, start + _QUERIES_AT_ONCE)
                seen[rows] += (queries[rows, head].float() @ group).softmax(-1)[:, :first]
        return seen
