"""The Oobleck codec: 48 kHz PCM to 25 Hz latents and back, all convolutions (spec/model.md §2.10)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

from services.vae.config import VaeConfig
from services.vae.convolution import Convolution, StridedConvolution, TransposedConvolution
from services.vae.snake import Snake

DILATIONS = (1, 3, 9)
MIN_STD = 1e-4


@dataclass(frozen=True)
class Posterior:
    """A normal distribution for each latent value; both [batch, frames, latent channels]."""

    mean: torch.Tensor
    std: torch.Tensor


class Oobleck(nn.Module):
    """Encoder and decoder. Neither scales nor shifts its latents, neither clamps its samples."""

    def __init__(self, config: VaeConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)

    def encode(self, pcm: torch.Tensor) -> Posterior:
        """Posterior of floor(samples / hop) frames of PCM [batch, samples, audio channels]; at least one hop of it."""
        mean, scale = self.encoder(pcm).chunk(2, dim=-1)
        return Posterior(mean, functional.softplus(scale) + MIN_STD)

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        """PCM [batch, hop * frames, audio channels] of latents [batch, frames, latent channels]."""
        return self.decoder(latents)  # type: ignore[no-any-return]


class ResidualUnit(nn.Module):
    """Adds what a dilated convolution over 7 and one over 1 sample make of the input."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.snake1 = Snake(channels)
        self.conv1 = Convolution(channels, channels, 7, dilation=dilation)
        self.snake2 = Snake(channels)
        self.conv2 = Convolution(channels, channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Same shape [batch, time, channels]."""
        change: torch.Tensor = self.conv2(self.snake2(self.conv1(self.snake1(x))))
        return change.add_(x)


class EncoderBlock(nn.Module):
    """Residual units, then one strided convolution that shortens time by an even ratio."""

    def __init__(self, channels: int, out_channels: int, ratio: int) -> None:
        super().__init__()
        self.res_unit1, self.res_unit2, self.res_unit3 = _residual_units(channels)
        self.snake1 = Snake(channels)
        self.conv1 = StridedConvolution(channels, out_channels, ratio)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[batch, floor(time / ratio), out channels]."""
        x = self.res_unit3(self.res_unit2(self.res_unit1(x)))
        return self.conv1(self.snake1(x))  # type: ignore[no-any-return]


class DecoderBlock(nn.Module):
    """One transposed convolution that lengthens time by an even ratio, then residual units."""

    def __init__(self, channels: int, out_channels: int, ratio: int) -> None:
        super().__init__()
        self.snake1 = Snake(channels)
        self.conv_t1 = TransposedConvolution(channels, out_channels, ratio)
        self.res_unit1, self.res_unit2, self.res_unit3 = _residual_units(out_channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[batch, ratio * time, out channels]."""
        x = self.conv_t1(self.snake1(x))
        return self.res_unit3(self.res_unit2(self.res_unit1(x)))  # type: ignore[no-any-return]


class Encoder(nn.Module):
    """[batch, samples, audio channels] to [batch, frames, 2 * latent channels]."""

    def __init__(self, config: VaeConfig) -> None:
        super().__init__()
        width = config.encoder_hidden_size
        steps = pairwise(width * multiple for multiple in (1, *config.channel_multiples))
        self.conv1 = Convolution(config.audio_channels, width, 7)
        self.block = nn.ModuleList(
            EncoderBlock(*step, ratio) for step, ratio in zip(steps, config.downsampling_ratios, strict=True)
        )
        self.snake1 = Snake(width * config.channel_multiples[-1])
        self.conv2 = Convolution(width * config.channel_multiples[-1], width, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Means, then unshaped scales, along the channels."""
        x = self.conv1(x)
        for block in self.block:
            x = block(x)
        return self.conv2(self.snake1(x))  # type: ignore[no-any-return]


class Decoder(nn.Module):
    """[batch, frames, latent channels] to [batch, samples, audio channels]."""

    def __init__(self, config: VaeConfig) -> None:
        super().__init__()
        widths = [config.decoder_channels * multiple for multiple in (*reversed(config.channel_multiples), 1)]
        ratios = reversed(config.downsampling_ratios)
        self.conv1 = Convolution(config.decoder_input_channels, widths[0], 7)
        self.block = nn.ModuleList(
            DecoderBlock(*step, ratio) for step, ratio in zip(pairwise(widths), ratios, strict=True)
        )
        self.snake1 = Snake(widths[-1])
        self.conv2 = Convolution(widths[-1], config.audio_channels, 7, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Samples as they come out of the last convolution."""
        x = self.conv1(x)
        for block in self.block:
            x = block(x)
        return self.conv2(self.snake1(x))  # type: ignore[no-any-return]


def _residual_units(channels: int) -> Iterator[ResidualUnit]:
    return (ResidualUnit(channels, dilation) for dilation in DILATIONS)
