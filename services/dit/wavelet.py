"""Correction of a step in the Haar wavelet domain along time, DCW (spec/model.md §5.7)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional


@dataclass(frozen=True)
class WaveletCorrection:
    """Weights of the low and of the high band; scaled by t and 1 - t."""

    low: float
    high: float

    def apply(self, latents: torch.Tensor, clean: torch.Tensor, t: float) -> torch.Tensor:
        """Moves latents [batch, frames, channels] after a step that began at t away from its clean estimate."""
        frames = latents.shape[1]
        padded = functional.pad(latents - clean, (0, 0, 0, frames % 2))
        even, odd = padded[:, 0::2], padded[:, 1::2]
        low = t * self.low * (even + odd) / 2
        high = (1 - t) * self.high * (even - odd) / 2
        correction = torch.stack((low + high, low - high), dim=2).flatten(1, 2)
        return latents + correction[:, :frames]
