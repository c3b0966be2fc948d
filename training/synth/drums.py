"""Drums by noise and sweeping sines, in four kits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.signal import butter, sosfilt

from training.synth.tones import Sound

# Shares of the sample rate that bands of noise keep below.
_LOWEST_EDGE, _HIGHEST_EDGE = 0.36, 0.48


@dataclass(frozen=True)
class Drum:
    """A sine that falls from one frequency to another, and band-passed noise; levels, and decays in seconds."""

    sine: float = 0.0
    sweep: tuple[float, float] = (100.0, 50.0)
    sine_decay: float = 0.1
    noise: float = 0.0
    band: tuple[float, float] = (2000.0, 9000.0)
    noise_decay: float = 0.05
    bursts: int = 1
    pan: float = 0.0

    def hit(self, rate: int, brightness: float) -> Sound:
        """One stroke."""
        length = 6 * max(self.sine_decay * bool(self.sine), self.noise_decay * bool(self.noise)) + 0.03
        time = np.arange(int(length * rate)) / rate
        low, high = self.sweep[1], self.sweep[0]
        angle = 2 * np.pi * np.cumsum(low + (high - low) * np.exp(-time / 0.03)) / rate
        sound = self.sine * np.sin(angle) * np.exp(-time / self.sine_decay)
        if self.noise:
            hiss = np.random.default_rng(int(self.band[0])).standard_normal(len(time))
            low_edge, high_edge = (edge * 2 ** (brightness - 0.5) for edge in self.band)
            edges = [min(low_edge, _LOWEST_EDGE * rate), min(high_edge, _HIGHEST_EDGE * rate)]
            hiss = sosfilt(butter(2, edges, "band", fs=rate, output="sos"), hiss)
            hiss /= np.sqrt(np.mean(hiss**2)) + 1e-9
            starts = 0.011 * np.arange(self.bursts)
            levels = np.max(
                [np.where(time >= start, np.exp(-(time - start) / self.noise_decay), 0) for start in starts], 0
            )
            sound = sound + self.noise * hiss * levels
        return (sound * np.minimum(time / 0.001, 1)).astype(np.float32)


_HAT = Drum(noise=0.25, band=(6500, 11000), noise_decay=0.03, pan=0.25)
_SHAKER = Drum(noise=0.12, band=(5000, 9500), noise_decay=0.035, pan=-0.3)
_CRASH = Drum(noise=0.3, band=(3500, 11000), noise_decay=0.5, pan=-0.2)
_RIM = Drum(sine=0.5, sweep=(1900, 1700), sine_decay=0.015, noise=0.1, band=(2500, 6000), noise_decay=0.012, pan=0.15)
_BRUSH = Drum(noise=0.22, band=(1500, 7000), noise_decay=0.09, pan=-0.1)
_FRAME = Drum(sine=0.9, sweep=(150, 95), sine_decay=0.14, noise=0.12, band=(300, 2500), noise_decay=0.03)
_RIDE = Drum(sine=0.06, sweep=(3300, 3300), sine_decay=0.2, noise=0.16, band=(4500, 10000), noise_decay=0.14, pan=0.3)
_CLAP = Drum(noise=0.5, band=(900, 3500), noise_decay=0.07, bursts=3, pan=-0.1)
_COMMON = {
    "hat": _HAT, "shaker": _SHAKER, "crash": _CRASH, "rim": _RIM, "brush": _BRUSH, "frame drum": _FRAME, "ride": _RIDE,
    "clap": _CLAP,
}  # fmt: skip

KITS: Mapping[str, Mapping[str, Drum]] = {
    "acoustic": {
        **_COMMON,
        "kick": Drum(sine=1.0, sweep=(140, 55), sine_decay=0.12, noise=0.08, band=(2000, 5000), noise_decay=0.008),
        "snare": Drum(sine=0.4, sweep=(240, 185), sine_decay=0.07, noise=0.5, band=(1200, 7500), noise_decay=0.09),
    },
    "electronic": {
        **_COMMON,
        "kick": Drum(sine=1.2, sweep=(220, 46), sine_decay=0.18),
        "snare": Drum(sine=0.4, sweep=(280, 190), sine_decay=0.06, noise=0.5, band=(1500, 9000), noise_decay=0.11),
    },
    "dusty": {
        **_COMMON,
        "kick": Drum(sine=1.0, sweep=(110, 50), sine_decay=0.14),
        "snare": Drum(sine=0.35, sweep=(200, 170), sine_decay=0.06, noise=0.35, band=(900, 4500), noise_decay=0.08),
        "hat": Drum(noise=0.16, band=(4500, 7500), noise_decay=0.03, pan=0.25),
    },
    "chip": {
        **_COMMON,
        "kick": Drum(sine=0.9, sweep=(300, 50), sine_decay=0.06),
        "snare": Drum(noise=0.4, band=(800, 9000), noise_decay=0.06),
        "hat": Drum(noise=0.18, band=(7000, 11500), noise_decay=0.018),
    },
}
