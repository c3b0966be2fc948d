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
        shift, scale, gate, mlp_shift, mlp_scale, mlp_gate = (self.scale_shift_table + modulations).unbind(1)
        attended = self.self_attn(packing.modulate(self.self_attn_norm(x), shift, scale), packing)
        x = packing.add_gated(x, gate, attended)
        x = x + self.cross_attn(self.cross_attn_norm(x), packing, conditions)
        hidden = self.mlp(packing.modulate(self.mlp_norm(x), mlp_shift, mlp_scale))
        return packing.add_gated(x, mlp_gate, hidden)
