"""A block of the diffusion transformer (spec/model.md §2.7, forward step 5)."""

from __future__ import annotations

import torch
from torch import nn

from services.dit.config import DitConfig
from services.dit.time_embedding import MODULATIONS
from services.layers.attention import Attention, KeysValues
from services.layers.mlp import SwiGLU
from services.layers.norm import RMSNorm
from services.layers.rotary import Rotation


class DitBlock(nn.Module):
    """Self-attention and MLP modulated by the noise level, with plain cross-attention between them."""

    def __init__(self, config: DitConfig) -> None:
        super().__init__()
        width = config.hidden_size
        self.scale_shift_table = nn.Parameter(torch.zeros(1, MODULATIONS, width))
        self.self_attn_norm = RMSNorm(width)
        self.self_attn = Attention(width, config.attention)
        self.cross_attn_norm = RMSNorm(width)
        self.cross_attn = Attention(width, config.attention)
        self.mlp_norm = RMSNorm(width)
        self.mlp = SwiGLU(width, config.intermediate_size)

    def forward(
        self,
        x: torch.Tensor,
        modulations: torch.Tensor,
        condition: KeysValues,
        rotation: Rotation,
        mask: torch.Tensor | None,
    ) -> torch.Tensor:
        """[batch, tokens, width] in and out; `modulations` are [batch, 6, width]."""
        table = self.scale_shift_table + modulations
        shift, scale, gate, mlp_shift, mlp_scale, mlp_gate = torch.split(table, 1, dim=1)
        attended = self.self_attn(self.self_attn_norm(x) * (1 + scale) + shift, rotation, mask)
        x = x + gate * attended
        x = x + self.cross_attn.cross(self.cross_attn_norm(x), condition)
        hidden: torch.Tensor = self.mlp(self.mlp_norm(x) * (1 + mlp_scale) + mlp_shift)
        return x + mlp_gate * hidden
