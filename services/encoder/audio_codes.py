"""Between 25 Hz latents and 5 Hz audio codes (spec/model.md §2.8, §2.9)."""

from __future__ import annotations

import torch
from torch import nn

from services.encoder.config import EncoderConfig
from services.encoder.fsq import FiniteScalarQuantizer
from services.encoder.layer import Encoder, with_token


class AttentionPooler(Encoder):
    """Pools a few tokens into the state of a learned one before them."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__(config, config.width, config.pooler_layers)
        self.special_token = nn.Parameter(torch.zeros(1, 1, config.width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[windows, width] of [windows, tokens, width]."""
        return self.run_layers(with_token(self.special_token, self.embed_tokens(x)))[:, 0]


class AudioTokenizer(nn.Module):
    """Latents to codes."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.config = config
        self.audio_acoustic_proj = nn.Linear(config.latent_channels, config.width)
        self.attention_pooler = AttentionPooler(config)
        self.quantizer = FiniteScalarQuantizer(config)

    def forward(self, latents: torch.Tensor, silence: torch.Tensor) -> torch.Tensor:
        """Codes [batch, frames / 5] of latents [batch, frames, channels].

        What is missing to a whole window is taken from the start of the silence latents [frames, channels].
        """
        window = self.config.pool_window
        missing = -latents.shape[1] % window
        filling = silence[:missing].to(latents).expand(latents.shape[0], -1, -1)
        x = self.audio_acoustic_proj(torch.cat((latents, filling), dim=1))
        batch, frames, width = x.shape
        pooled = self.attention_pooler(x.reshape(batch * frames // window, window, width))
        return self.quantizer.encode(pooled.view(batch, frames // window, width))


class AudioDetokenizer(Encoder):
    """Quantised tokens at 5 Hz to hint latents at 25 Hz."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__(config, config.width, config.pooler_layers)
        self.special_tokens = nn.Parameter(torch.zeros(1, config.pool_window, config.width))
        self.proj_out = nn.Linear(config.width, config.latent_channels)

    def forward(self, quantized: torch.Tensor) -> torch.Tensor:
        """Latents [batch, 5 tokens, channels] of [batch, tokens, width]."""
        batch, tokens, width = quantized.shape
        window = self.config.pool_window
        x = self.embed_tokens(quantized).view(batch * tokens, 1, width) + self.special_tokens
        latents: torch.Tensor = self.proj_out(self.run_layers(x))
        return latents.view(batch, tokens * window, -1)
