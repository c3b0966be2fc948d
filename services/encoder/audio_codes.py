"""Between 25 Hz latents and 5 Hz audio codes (spec/model.md §2.8, §2.9)."""

from __future__ import annotations

import torch
from torch import nn

from services.encoder.config import EncoderConfig
from services.encoder.fsq import FiniteScalarQuantizer
from services.encoder.layer import Encoder, with_token
from services.layers.linear import Linear


class AttentionPooler(Encoder):
    """Pools a few tokens into the state of a learned one before them."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__(config, config.width, config.pooler_layers)
        self.special_token = nn.Parameter(torch.zeros(1, 1, config.width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[windows, width] of [windows, tokens, width]."""
        embedded = self.embed_tokens(x.flatten(0, 1)).view_as(x)
        return self.run_windows(with_token(self.special_token, embedded))[:, 0]


class AudioTokenizer(nn.Module):
    """Latents to codes."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.audio_acoustic_proj = Linear(config.latent_channels, config.width, bias=True)
        self.attention_pooler = AttentionPooler(config)
        self.quantizer = FiniteScalarQuantizer(config)

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """Codes [windows] of windows of latents [windows, frames, channels]."""
        x = self.audio_acoustic_proj(windows.flatten(0, 1)).unflatten(0, windows.shape[:2])
        return self.quantizer.encode(self.attention_pooler(x))


class AudioDetokenizer(Encoder):
    """Quantised tokens at 5 Hz to hint latents at 25 Hz."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__(config, config.width, config.pooler_layers)
        self.special_tokens = nn.Parameter(torch.zeros(1, config.pool_window, config.width))
        self.proj_out = Linear(config.width, config.latent_channels, bias=True)

    def forward(self, quantized: torch.Tensor) -> torch.Tensor:
        """Latents [tokens, 5, channels] of [tokens, width]."""
        states = self.run_windows(self.embed_tokens(quantized)[:, None] + self.special_tokens)
        latents: torch.Tensor = self.proj_out(states.flatten(0, 1))
        return latents.view(*states.shape[:2], -1)
