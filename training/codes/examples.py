"""Windows of latents, each as long as one audio code, drawn by the number of the batch."""

from __future__ import annotations

import numpy as np
import torch

from training.dit.tasks import FRAMES_PER_CODE
from training.latents import LatentStore


class Windows:
    """Batch n of a seed is always the same: as many windows of a clip as fit, of so many clips."""

    def __init__(self, store: LatentStore, clips: int, seed: int) -> None:
        self._store = store
        self._clips = clips
        self._seed = seed

    def batch(self, number: int) -> list[torch.Tensor]:
        """Windows [windows, frames, channels] of each clip."""
        random = np.random.default_rng((self._seed, number))
        entries = [self._store.entries[random.integers(len(self._store.entries))] for _ in range(self._clips)]
        return [_windows(self._store.mix(entry)) for entry in entries]


def _windows(latents: torch.Tensor) -> torch.Tensor:
    whole = len(latents) // FRAMES_PER_CODE
    return latents[: whole * FRAMES_PER_CODE].view(whole, FRAMES_PER_CODE, -1)
