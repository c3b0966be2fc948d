"""The text encoder: a Qwen3 without its head (spec/model.md §2.2)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from services.encoder.layer import EncoderLayer, Transformer
from services.layers.attention import Sight
from services.layers.norm import RMSNorm
from services.layers.rotary import RotationTable
from services.runtime.qwen3 import Qwen3Config


class TextEncoder(Transformer):
    """Token ids to states; parameter names are the original keys."""

    def __init__(self, config: Qwen3Config) -> None:
        stack = (
            EncoderLayer(config.width, config.hidden, config.attention, Sight(causal=True), config.norm_eps)
            for _ in range(config.layers)
        )
        norm = RMSNorm(config.width, config.norm_eps)
        super().__init__(stack, norm, RotationTable(config.head_dim, config.rope_theta))
        self.config = config
        self.embed_tokens = nn.Embedding(config.vocabulary, config.width)

    def embed(self, ids: Sequence[int]) -> torch.Tensor:
        """Embeddings [tokens, width] of token ids."""
        embeddings: torch.Tensor = self.embed_tokens(torch.tensor(ids, device=self.norm.weight.device))
        return embeddings

    def forward(self, texts: Sequence[Sequence[int]]) -> tuple[torch.Tensor, ...]:
        """Normalised states [tokens, width] of each text; every token sees those before it in its text."""
        x = self.embed([token for text in texts for token in text])
        lengths = [len(text) for text in texts]
        return torch.split(self.run_layers(x, lengths), lengths)
