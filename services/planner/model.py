"""Qwen3 over tokens of many rows: all share one matrix, attention looks up each row's own cache.

spec/planner.md §1.1. Weights that read the same input are kept as one matrix; the loader joins them.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from services.layers.linear import Linear, linear, packed
from services.layers.norm import RMSNorm
from services.layers.rotary import Rotation, RotationTable, rotate
from services.layers.stack import LayerStack
from services.planner.attention import Layout
from services.planner.cache import KeyValueCache
from services.runtime.qwen3 import Qwen3Config


class HeadNorm(RMSNorm):
    """RMSNorm of query and key heads [tokens, heads + kv_heads, head_dim] at once; each kind has its weight."""

    def __init__(self, heads: int, kv_heads: int, head_dim: int, eps: float) -> None:
        super().__init__(head_dim, eps)
        self.weight = nn.Parameter(torch.ones(heads + kv_heads, head_dim))


class CachedAttention(nn.Module):
    """Causal attention of new tokens to their own row."""

    def __init__(self, config: Qwen3Config, layer: int) -> None:
        super().__init__()
        self.layer = layer
        self.heads, self.kv_heads, self.head_dim = config.heads, config.kv_heads, config.head_dim
        self.qkv_proj = Linear(config.width, (config.heads + 2 * config.kv_heads) * config.head_dim)
        self.o_proj = Linear(config.heads * config.head_dim, config.width)
        self.qk_norm = HeadNorm(config.heads, config.kv_heads, config.head_dim, config.norm_eps)

    def forward(self, x: torch.Tensor, turn: Rotation, layout: Layout, cache: KeyValueCache) -> torch.Tensor:
        """[tokens, width], after the keys and values of these tokens are in the cache."""
        heads = self.qkv_proj(x).view(len(x), -1, self.head_dim)
        turned, values = heads.split((self.heads + self.kv_heads, self.kv_heads), dim=1)
        queries, keys = torch.split(rotate(self.qk_norm(turned), turn), [self.heads, self.kv_heads], dim=1)
        cache.write(self.layer, layout.rows, layout.positions, keys, values)
        out = layout.attend(queries, cache.keys[self.layer], cache.values[self.layer])
        return self.o_proj(out.flatten(1))  # type: ignore[no-any-return]


class DecoderLayer(nn.Module):
    """Attention and SwiGLU, each on a normalised stream."""

    def __init__(self, config: Qwen3Config, layer: int) -> None:
        super().__init__()
        self.input_layernorm = RMSNorm(config.width, config.norm_eps)
        self.self_attn = CachedAttention(config, layer)
        self.post_attention_layernorm = RMSNorm(config.width, config.norm_eps)
        self.gate_up_proj = Linear(config.width, 2 * config.hidden)
        self.down_proj = Linear(config.hidden, config.width)

    def forward(self, x: torch.Tensor, turn: Rotation, layout: Layout, cache: KeyValueCache) -> torch.Tensor:
        """[tokens, width]."""
        x = x + self.self_attn(self.input_layernorm(x), turn, layout, cache)
        gate, up = self.gate_up_proj(self.post_attention_layernorm(x)).chunk(2, dim=-1)
        return x + self.down_proj(functional.silu(gate) * up)  # type: ignore[no-any-return]


class LanguageModel(nn.Module):
    """The decoder. Its head is asked for ranges of rows: text never needs the audio codes, nor codes the text."""

    def __init__(self, config: Qwen3Config) -> None:
        super().__init__()
        self.config = config
        self.embed_tokens = nn.Embedding(config.vocabulary, config.width)
        self.layers: LayerStack[DecoderLayer] = LayerStack(
            DecoderLayer(config, layer) for layer in range(config.layers)
        )
        self.norm = RMSNorm(config.width, config.norm_eps)
        if not config.tied_head:
            self.lm_head = nn.Linear(config.width, config.vocabulary, bias=False)
        self._rotations = RotationTable(config.head_dim, config.rope_theta)
        self._packed: dict[tuple[int, int], torch.Tensor] = {}

    def forward(self, tokens: torch.Tensor, layout: Layout, cache: KeyValueCache) -> torch.Tensor:
        """Normalised hidden states [tokens, width] of token ids [tokens]; fills the cache."""
        x = self.embed_tokens(tokens)
        cos, sin = self._rotations.upto(cache.context + 1, x)
        turn = (cos[layout.positions, None], sin[layout.positions, None])
        for layer in self.layers.in_turn():
            x = layer(x, turn, layout, cache)
        return self.norm(x)  # type: ignore[no-any-return]

    def logits(self, hidden: torch.Tensor, first: int, last: int) -> torch.Tensor:
        """Float32 logits [tokens, last - first] of token ids from `first` up to, not with, `last`."""
        rows = self._packed.get((first, last))
        return linear(hidden, self._head()[first:last] if rows is None else rows).float()

    def pack_head(self, first: int, last: int) -> None:
        """Lays a copy of the head's rows from `first` up to `last` out for the CPU's kernels."""
        rows = packed(self._head()[first:last])
        if rows.layout != torch.strided:
            self._packed[first, last] = rows

    def _head(self) -> torch.Tensor:
        return self.embed_tokens.weight if self.config.tied_head else self.lm_head.weight
