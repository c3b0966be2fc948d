"""A clock in the latents of silence, from which songs without a source are made: it tells where in a song a frame is.

A transformer with rotary positions knows how far frames are from one another, not where they are. Where it sees noise
and a silence that never changes, all frames are alike to it, and so is what it expects of them: no beat, whatever the
tempo. Clips begin on a first beat, so with a clock all songs of a tempo have their beats in common, which is learned
first and soon.
"""

from __future__ import annotations

import math

import torch

from training.synth.tempos import BARS_PER_MINUTE
from training.vae.energies import ENERGIES

FRAMES_PER_SECOND = 25
_AMPLITUDE = 0.7


def with_clock(silence: torch.Tensor) -> torch.Tensor:
    """Latents of silence [frames, channels] with a pair of waves for each tempo's bars, as many as fit beside the
    loudnesses at the end, which stay silent."""
    frames, channels = silence.shape
    pairs = min(max(0, channels - ENERGIES) // 2, len(BARS_PER_MINUTE))
    bars = torch.arange(frames)[:, None] / FRAMES_PER_SECOND / 60 * torch.tensor(BARS_PER_MINUTE[:pairs])
    phases = 2 * math.pi * bars
    waves = _AMPLITUDE * torch.cat((phases.cos(), phases.sin()), dim=1)
    return torch.cat((silence[:, : 2 * pairs] + waves, silence[:, 2 * pairs :]), dim=1)
