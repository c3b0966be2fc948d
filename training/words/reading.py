"""Texts of many lengths read as one batch, where gradients are wanted."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from services.encoder.text import TextEncoder


def read_together(encoder: TextEncoder, texts: Sequence[Sequence[int]]) -> list[torch.Tensor]:
    """States [tokens, width] of each text. They are filled up to one length, which shares the products of attention:
    a token sees only those before it, so nothing that counts sees what fills up."""
    longest = max(map(len, texts))
    filled = encoder([[*text, *[0] * (longest - len(text))] for text in texts])
    return [states[: len(text)] for states, text in zip(filled, texts, strict=True)]
