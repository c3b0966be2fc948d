"""A clock in the latents of silence, from which songs without a source are made: it tells where in a song a frame is.

A transformer with rotary positions knows how far frames are from one another, not where they are. Where it sees noise
and a silence that never changes, all frames are alike to it, and so is what it expects of them: no beat, whatever the
tempo. Clips begin on a first beat, so with a clock all songs of a tempo have their beats in common, which is learned
first and soon.
"""

from __future__ import annotations

import math

import torch

from training.vae.energies import ENERGIES

FRAMES_PER_SECOND = 25
# Hertz of bars and of beats. Waves that lie so close can add up to one of any tempo for some ten seconds.
_BARS, _BEATS = (0.2, 1.0), (1.0, 3.0)
_SHARE_OF_BARS = 3 / 8
_AMPLITUDE = 0.7


def with_clock(silence: torch.Tensor) -> torch.Tensor:
    """Latents of silence [frames, channels] with waves in pairs of channels; the loudnesses at the end stay silent."""
    frames, channels = silence.shape
    pairs = max(0, channels - ENERGIES) // 2
    bars = round(_SHARE_OF_BARS * pairs)
    hertz = torch.cat((torch.linspace(*_BARS, bars), torch.linspace(*_BEATS, pairs - bars)))
    phases = 2 * math.pi * torch.arange(frames)[:, None] / FRAMES_PER_SECOND * hertz
    waves = _AMPLITUDE * torch.cat((phases.cos(), phases.sin()), dim=1)
    return torch.cat((silence[:, : 2 * pairs] + waves, silence[:, 2 * pairs :]), dim=1)
