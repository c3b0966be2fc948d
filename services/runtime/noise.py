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


def gaussian(seed: int, purpose: Purpose, shape: tuple[int, ...], draw: int = 0) -> torch.Tensor:
    """Standard normal float32 on the CPU. `draw` numbers the draws of one purpose, such as the steps of the SDE."""
    key = np.array([seed, (int(purpose) << 32) | draw], dtype=np.uint64)
    generator = np.random.Generator(np.random.Philox(key=key))
    return torch.from_numpy(generator.standard_normal(shape, dtype=np.float32))
