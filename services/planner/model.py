"""Qwen3 over packed tokens: rows of any length share one matrix, attention looks up each row's own cache.

spec/planner.md §1.1. Weights that read the same input are kept as one matrix; the loader joins them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from services.layers.norm import RMSNorm
from services.layers.rotary import Rotation, rotate, rotation
from services.planner.cache import KeyValueCache, Segment
from services.planner.config import PlannerConfig
from services.planner.linear import Linear, linear, packed


@dataclass(frozen=True)
class Packing:
    """Where packed tokens belong: segments end to end, with the row and position of each token."""

    segments: tuple[Segment, ...]
    rows: torch.Tensor
    positions: torch.Tensor

    @classmethod
    def of(cls, segments: Sequence[Segment], device: torch.device) -> Packing:
        """Lays segments end to end."""
        rows = [segment.row for segment in segments for _ in range(segment.length)]
        positions = [position for segment in segments for position in range(segment.start, segment.end)]
        return cls(tuple(segments), torch.tensor(rows, device=device), torch.tensor(positions, device=device))

    def last_tokens(self) -> list[int]:
        """Index of the last packed token of each segment."""
        ends, at = [], 0
        for segment in self.segments:
            at += segment.length
            ends.append(at - 1)
        return ends


class HeadNorm(RMSNorm):
    """RMSNorm of query and key heads [tokens, heads + kv_heads, head_dim] at once; each kind has its weight."""

    def __init__(self, heads: int, kv_heads: int, head_dim: int, eps: float) -> None:
        super().__init__(head_dim, eps)
        self.weight = nn.Parameter(torch.ones(heads + kv_heads, head_dim))


class CachedAttention(nn.Module):
    """Causal attention of new tokens to their own row."""

    def __init__(self, config: PlannerConfig, layer: int) -> None:
        super().__init__()
        self.layer = layer
        self.heads, self.kv_heads, self.head_dim = config.heads, config.kv_heads, config.head_dim
        self.qkv_proj = Linear(config.width, (config.heads + 2 * config.kv_heads) * config.head_dim)
        self.o_proj = Linear(config.heads * config.head_dim, config.width)
        self.qk_norm = HeadNorm(config.heads, config.kv_heads, config.head_dim, config.norm_eps)

    def forward(self, x: torch.Tensor, turn: Rotation, packing: Packing, cache: KeyValueCache) -> torch.Tensor:
        """[tokens, width], after the keys and values of these tokens are in the cache."""
        heads = self.qkv_proj(x).view(len(x), -1, self.head_dim)
        turned, values = heads.split((self.heads + self.kv_heads, self.kv_heads), dim=1)
        queries, keys = torch.split(rotate(self.qk_norm(turned), turn), [self.heads, self.kv_heads], dim=1)
        cache.write(self.layer, packing.rows, packing.positions, keys, values)
        out, at = [], 0
        for segment in packing.segments:
            for block in segment.blocks():
                out.append(self._attend(queries[at : at + block.length], block, cache))
                at += block.length
        return self.o_proj(torch.cat(out))  # type: ignore[no-any-return]

    def _attend(self, queries: torch.Tensor, block: Segment, cache: KeyValueCache) -> torch.Tensor:
        """Query heads that share a key head become queries of that head, so that keys are read once for all of them."""
        group = self.heads // self.kv_heads
        folded = queries.reshape(block.length, self.kv_heads, group, self.head_dim)
        folded = folded.permute(1, 2, 0, 3).reshape(1, self.kv_heads, group * block.length, self.head_dim)
        keys = cache.keys[self.layer][block.row, None, :, : block.end]
        values = cache.values[self.layer][block.row, None, :, : block.end]
        mask = None
        if block.length > 1:
            seen = torch.arange(block.end, device=queries.device)
            mask = (seen <= seen[block.start :, None]).repeat(group, 1)
        out = functional.scaled_dot_product_attention(folded, keys, values, attn_mask=mask)
        out = out.view(self.kv_heads, group, block.length, self.head_dim).permute(2, 0, 1, 3)
        return out.reshape(block.length, self.heads * self.head_dim)


class DecoderLayer(nn.Module):
    """Attention and SwiGLU, each on a normalised stream."""

    def __init__(self, config: PlannerConfig, layer: int) -> None:
        super().__init__()
        self.input_layernorm = RMSNorm(config.width, config.norm_eps)
        self.self_attn = CachedAttention(config, layer)
        self.post_attention_layernorm = RMSNorm(config.width, config.norm_eps)
        self.gate_up_proj = Linear(config.width, 2 * config.hidden)
        self.down_proj = Linear(config.hidden, config.width)

    def forward(self, x: torch.Tensor, turn: Rotation, packing: Packing, cache: KeyValueCache) -> torch.Tensor:
        """[tokens, width]."""
        x = x + self.self_attn(self.input_layernorm(x), turn, packing, cache)
        gate, up = self.gate_up_proj(self.post_attention_layernorm(x)).chunk(2, dim=-1)
        return x + self.down_proj(functional.silu(gate) * up)  # type: ignore[no-any-return]


class LanguageModel(nn.Module):
    """The decoder. Its head is asked for ranges of rows: text never needs the audio codes, nor codes the text."""

    def __init__(self, config: PlannerConfig) -> None:
        super().__init__()
        self.config = config
        self.embed_tokens = nn.Embedding(config.vocabulary, config.width)
        self.layers = nn.ModuleList(DecoderLayer(config, layer) for layer in range(config.layers))
        self.norm = RMSNorm(config.width, config.norm_eps)
        if not config.tied_head:
            self.lm_head = nn.Linear(config.width, config.vocabulary, bias=False)
        self._turns: Rotation | None = None
        self._packed: dict[tuple[int, int], torch.Tensor] = {}

    def forward(self, tokens: torch.Tensor, packing: Packing, cache: KeyValueCache) -> torch.Tensor:
        """Normalised hidden states [tokens, width] of packed token ids [tokens]; fills the cache."""
        x = self.embed_tokens(tokens)
        cos, sin = self._rotations(cache.context)
        turn = (cos[packing.positions, None], sin[packing.positions, None])
        for layer in self.layers:
            x = layer(x, turn, packing, cache)
        return self.norm(x)  # type: ignore[no-any-return]

    def logits(self, hidden: torch.Tensor, first: int, last: int) -> torch.Tensor:
        """Float32 logits [tokens, last - first] of token ids from `first` up to, not with, `last`."""
        rows = self._packed.get((first, last))
        return linear(hidden, self._head()[first:last] if rows is None else rows).float()

    def pack(self, first: int, last: int) -> None:
        """Lays the weights out for the CPU's kernels, with a copy of the head's rows from `first` up to `last`."""
        for module in self.modules():
            if isinstance(module, Linear):
                module.pack()
        rows = packed(self._head()[first:last])
        if rows.layout != torch.strided:
            self._packed[first, last] = rows

    def _head(self) -> torch.Tensor:
        return self.embed_tokens.weight if self.config.tied_head else self.lm_head.weight

    def _rotations(self, positions: int) -> Rotation:
        if self._turns is None or len(self._turns[0]) < positions:
            weight = self.embed_tokens.weight
            self._turns = rotation(
                positions, self.config.head_dim, self.config.rope_theta, device=weight.device, dtype=weight.dtype
            )
        return self._turns
