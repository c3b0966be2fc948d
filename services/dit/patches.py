"""Frames to tokens and back: strided convolutions, which are products of patches of frames."""

from __future__ import annotations

import torch
from torch import nn

from services.layers.linear import linear


class PatchEmbedding(nn.Module):
    """A convolution whose stride is its kernel: patches of frames become tokens."""

    def __init__(self, channels: int, width: int, patch: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(width, channels, patch))
        self.bias = nn.Parameter(torch.empty(width))

    def forward(self, patches: torch.Tensor) -> torch.Tensor:
        """Tokens [tokens, width] of patches [tokens, channels * patch]."""
        return linear(patches, self.weight.flatten(1)) + self.bias


class PatchProjection(nn.Module):
    """A transposed convolution whose stride is its kernel: tokens become patches of frames."""

    def __init__(self, width: int, channels: int, patch: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(width, channels, patch))
        self.bias = nn.Parameter(torch.empty(channels))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Patches [tokens, patch, channels] of tokens [tokens, width]."""
        patches = linear(tokens, self.weight.flatten(1).t()).view(len(tokens), *self.weight.shape[1:])
        return patches.transpose(1, 2) + self.bias
