"""Seeded noise that is the same on every device, in every batch and on every retry.

Philox is a counter-based generator: its key is the item's seed and the purpose of the draw, so that the streams of
one item never touch each other and no item's noise depends on what was drawn before it.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import torch


class Purpose(IntEnum):
    """What noise is drawn for. The numbers are part of every result: never reuse or change one."""

    INITIAL = 1
    SDE_STEP = 2
    POSTERIOR = 3
    TEXT = 4
    AUDIO_CODES = 5
    VARIATION = 6
    EDIT = 7


def gaussian(seed: int, purpose: Purpose, shape: tuple[int, ...], draw: int = 0) -> torch.Tensor:
    """Standard normal float32 on the CPU. `draw` numbers the draws of one purpose, such as the steps of the SDE."""
    return torch.from_numpy(_generator(seed, purpose, draw).standard_normal(shape, dtype=np.float32))


def uniform(seed: int, purpose: Purpose, count: int, draw: int = 0) -> torch.Tensor:
    """Numbers [count] from 0 up to, not with, 1, in float64 on the CPU. Fewer of them are the first of more."""
    return torch.from_numpy(_generator(seed, purpose, draw).random(count))


def _generator(seed: int, purpose: Purpose, draw: int) -> np.random.Generator:
    key = np.array([seed, (int(purpose) << 32) | draw], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key))
