"""Numbers that a network need not learn one by one: what is close in ratio begins with embeddings that are close."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

# Cycles in an octave of the slowest and the fastest sinusoid: the fastest tells a fortieth of an octave.
_SLOWEST, _FASTEST = 1 / 16, 8.0
# Share that what was drawn at random keeps in the embeddings of numbers.
_RANDOM = 0.3


def start_numbers(embeddings: torch.Tensor, ids: Mapping[str, int]) -> None:
    """Writes sinusoids of the logarithm over embeddings [tokens, width] of tokens that are numbers, in place."""
    numbers = {int(token): number for token, number in ids.items() if _is_number(token)}
    octaves = torch.log2(torch.tensor(list(numbers), dtype=torch.float32))
    rows = torch.tensor(list(numbers.values()))
    waves = embeddings.shape[1] // 4
    frequencies = torch.from_numpy(np.geomspace(_SLOWEST, _FASTEST, waves)).float()
    angles = 2 * torch.pi * octaves[:, None] * frequencies
    drawn = embeddings.data[rows]
    level = drawn.std() * 2**0.5
    drawn *= _RANDOM
    drawn[:, : 2 * waves] += level * torch.cat((angles.cos(), angles.sin()), dim=1)
    embeddings.data[rows] = drawn


def _is_number(token: str) -> bool:
    return token.isascii() and token.isdigit() and not token.startswith("0")
