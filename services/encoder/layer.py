"""The transformers of this stage, over packed sequences (spec/model.md §2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import nn

from services.encoder.config import EncoderConfig
from services.layers.attention import EVERYTHING, AttentionShape, SelfAttention, Sight
from services.layers.linear import Linear
from services.layers.mlp import GatedMlp
from services.layers.norm import RMSNorm
from services.layers.packing import Packing
from services.layers.rotary import RotationTable
from services.layers.stack import LayerStack


class EncoderLayer(nn.Module):
    """Self-attention, then MLP, each behind its norm."""

    def __init__(self, width: int, hidden: int, attention: AttentionShape, sight: Sight, eps: float = 1e-6) -> None:
        super().__init__()
        self.input_layernorm = RMSNorm(width, eps)
        self.self_attn = SelfAttention(width, attention, sight, eps)
        self.post_attention_layernorm = RMSNorm(width, eps)
        self.mlp = GatedMlp(width, hidden)

    def forward(self, x: torch.Tensor, packing: Packing) -> torch.Tensor:
        """[tokens, width] in and out."""
        x = x + self.self_attn(self.input_layernorm(x), packing)
        out: torch.Tensor = x + self.mlp(self.post_attention_layernorm(x))
        return out


class Transformer(nn.Module):
    """Layers over packed sequences, and a norm."""

    def __init__(self, layers: Iterable[EncoderLayer], norm: RMSNorm, rotations: RotationTable) -> None:
        super().__init__()
        self.layers: LayerStack[EncoderLayer] = LayerStack(layers)
        self.norm = norm
        self._rotations = rotations

    def run_layers(self, x: torch.Tensor, lengths: Sequence[int]) -> torch.Tensor:
        """The layers and the norm on embedded sequences of so many tokens, end to end [tokens, width]."""
        packing = Packing.of(lengths, self._rotations.upto(max(lengths), x))
        for layer in self.layers.in_turn():
            x = layer(x, packing)
        normalised: torch.Tensor = self.norm(x)
        return normalised


class Encoder(Transformer):
    """Projects its input, runs bidirectional layers, of which the even ones slide, and normalises.

    Lyrics, timbre, audio tokenizer and detokenizer share it.
    """

    def __init__(self, config: EncoderConfig, input_width: int, layers: int) -> None:
        sliding = Sight(window=config.sliding_window)
        stack = (
            EncoderLayer(config.width, config.mlp_width, config.attention, EVERYTHING if number % 2 else sliding)
            for number in range(layers)
        )
        super().__init__(stack, RMSNorm(config.width), RotationTable(config.head_dim, config.rope_theta))
        self.config = config
        self.embed_tokens = Linear(input_width, config.width, bias=True)

    def run_windows(self, x: torch.Tensor) -> torch.Tensor:
        """The same on sequences of one length [windows, tokens, width]."""
        windows, tokens, _ = x.shape
        return self.run_layers(x.flatten(0, 1), [tokens] * windows).view_as(x)


def with_token(token: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Puts a learned token [1, 1, width] before the tokens of every sequence [sequences, tokens, width]."""
    return torch.cat((token.expand(x.shape[0], 1, -1), x), dim=1)
