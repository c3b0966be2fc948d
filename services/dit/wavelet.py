"""Correction of a step in the wavelet domain along time, DCW (spec/model.md §5.7)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import pywt
import torch
from torch.nn import functional


class WaveletMode(Enum):
    """What is weighed: one band of the difference, both, or the difference as it is."""

    LOW = "low"
    HIGH = "high"
    DOUBLE = "double"
    PIXEL = "pixel"


class Wavelet(Enum):
    """Orthogonal wavelets; the values are the names of PyWavelets."""

    HAAR = "haar"
    DB2 = "db2"
    DB4 = "db4"
    SYM4 = "sym4"
    SYM8 = "sym8"
    COIF2 = "coif2"

    def low_band(self, signal: torch.Tensor) -> torch.Tensor:
        """The low band of a signal [batch, frames, channels] after one level along frames, zeros lying beyond its ends.

        Analysis with the scaling filter, then synthesis with the same, as the transform is orthogonal.
        """
        scaling: list[float] = pywt.Wavelet(self.value).dec_lo
        frames, taps = signal.shape[1], len(scaling)
        count = (frames + taps - 1) // 2
        padded = functional.pad(signal, (0, 0, taps - 2, 2 * count - frames))
        parts = [slice(taps - 1 - tap, taps - 1 - tap + 2 * count, 2) for tap in range(taps)]
        coefficients, low = torch.zeros_like(padded[:, parts[0]]), torch.zeros_like(padded)
        for weight, part in zip(scaling, parts, strict=True):
            coefficients += weight * padded[:, part]
        for weight, part in zip(scaling, parts, strict=True):
            low[:, part] += weight * coefficients
        return low[:, taps - 2 : taps - 2 + frames]


@dataclass(frozen=True)
class WaveletCorrection:
    """Weights of the low and of the high band, scaled by t and 1 - t; in pixel mode `low` weighs all, unscaled."""

    low: float
    high: float
    mode: WaveletMode = WaveletMode.DOUBLE
    wavelet: Wavelet = Wavelet.HAAR

    @property
    def acts(self) -> bool:
        """Whether it changes anything."""
        return any(self._weights(0.5))

    def apply(self, latents: torch.Tensor, clean: torch.Tensor, t: float) -> torch.Tensor:
        """Moves latents [batch, frames, channels] after a step that began at t away from its clean estimate."""
        difference = latents - clean
        low, high = self._weights(t)
        # The high band is what the low band leaves.
        return latents + high * difference + (low - high) * self.wavelet.low_band(difference)

    def _weights(self, t: float) -> tuple[float, float]:
        low, high = t * self.low, (1 - t) * self.high
        return {
            WaveletMode.LOW: (low, 0.0),
            WaveletMode.HIGH: (0.0, high),
            WaveletMode.DOUBLE: (low, high),
            WaveletMode.PIXEL: (self.low, self.low),
        }[self.mode]
