"""The bidirectional transformer that lyrics, timbre, audio tokenizer and detokenizer share (spec/model.md §2)."""

from __future__ import annotations

import torch
from torch import nn

from services.encoder.config import EncoderConfig
from services.layers.attention import Attention, band_mask
from services.layers.mlp import SwiGLU
from services.layers.norm import RMSNorm
from services.layers.rotary import Rotation, rotation


class EncoderLayer(nn.Module):
    """Self-attention, then MLP, each behind its norm."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.input_layernorm = RMSNorm(config.width)
        self.self_attn = Attention(config.width, config.attention)
        self.post_attention_layernorm = RMSNorm(config.width)
        self.mlp = SwiGLU(config.width, config.mlp_width)

    def forward(self, x: torch.Tensor, rotation: Rotation, mask: torch.Tensor | None) -> torch.Tensor:
        """[batch, tokens, width] in and out."""
        x = x + self.self_attn(self.input_layernorm(x), rotation, mask)
        out: torch.Tensor = x + self.mlp(self.post_attention_layernorm(x))
        return out


class Encoder(nn.Module):
    """Projects its input, runs the layers, of which the even ones slide, and normalises."""

    def __init__(self, config: EncoderConfig, input_width: int, layers: int) -> None:
        super().__init__()
        self.config = config
        self.embed_tokens = nn.Linear(input_width, config.width)
        self.layers = nn.ModuleList(EncoderLayer(config) for _ in range(layers))
        self.norm = RMSNorm(config.width)

    def run_layers(self, x: torch.Tensor) -> torch.Tensor:
        """The layers and the norm on embedded tokens [batch, tokens, width]."""
        config, tokens = self.config, x.shape[1]
        positions = rotation(tokens, config.head_dim, config.rope_theta, device=x.device, dtype=x.dtype)
        band = band_mask(tokens, config.sliding_window, x.device)
        for number, layer in enumerate(self.layers):
            x = layer(x, positions, band if number % 2 == 0 else None)
        normalised: torch.Tensor = self.norm(x)
        return normalised


def with_token(token: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Puts a learned token [1, 1, width] before the tokens of every item."""
    return torch.cat((token.expand(x.shape[0], 1, -1), x), dim=1)
