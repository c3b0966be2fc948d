"""A block of the diffusion transformer (spec/model.md §2.7, forward step 5)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from services.dit.config import DitConfig
from services.dit.time_embedding import MODULATIONS
from services.layers.attention import EVERYTHING, CrossAttention, KeysValues, SelfAttention, Sight
from services.layers.mlp import GatedMlp
from services.layers.norm import RMSNorm
from services.layers.packing import Packing


class DitBlock(nn.Module):
    """Self-attention and MLP modulated by the noise level, with plain cross-attention between them."""

    def __init__(self, config: DitConfig, *, sliding: bool) -> None:
        super().__init__()
        width = config.hidden_size
        self.scale_shift_table = nn.Parameter(torch.zeros(1, MODULATIONS, width))
        self.self_attn_norm = RMSNorm(width)
        self.self_attn = SelfAttention(
            width, config.attention, Sight(window=config.sliding_window) if sliding else EVERYTHING
        )
        self.cross_attn_norm = RMSNorm(width)
        self.cross_attn = CrossAttention(width, config.attention)
        self.mlp_norm = RMSNorm(width)
        self.mlp = GatedMlp(width, config.intermediate_size)

    def forward(
        self, x: torch.Tensor, packing: Packing, modulations: torch.Tensor, conditions: Sequence[KeysValues]
    ) -> torch.Tensor:
        """[tokens, width] in and out; `modulations` are [sequences, 6, width], conditions one for each sequence."""
        return self.see_condition(self.see_itself(x, packing, modulations), packing, modulations, conditions)

    def see_itself(self, x: torch.Tensor, packing: Packing, modulations: torch.Tensor) -> torch.Tensor:
        """The first half: self-attention."""
        shift, scale, gate, *_ = (self.scale_shift_table + modulations).unbind(1)
        attended = self.self_attn(packing.modulate(self.self_attn_norm(x), shift, scale), packing)
        return packing.add_gated(x, gate, attended)

    def see_condition(
        self, x: torch.Tensor, packing: Packing, modulations: torch.Tensor, conditions: Sequence[KeysValues]
    ) -> torch.Tensor:
        """The second half: cross-attention and MLP."""
        *_, shift, scale, gate = (self.scale_shift_table + modulations).unbind(1)
        x = x + self.cross_attn(self.cross_attn_norm(x), packing, conditions)
        hidden = self.mlp(packing.modulate(self.mlp_norm(x), shift, scale))
        return packing.add_gated(x, gate, hidden)

    def attention(self, x: torch.Tensor, condition: KeysValues, heads: Sequence[int], first: int) -> torch.Tensor:
        """Between the halves: attention of [tokens, width] to the first keys of one condition, summed over heads."""
        return self.cross_attn.attention(self.cross_attn_norm(x), condition[0], heads, first)
