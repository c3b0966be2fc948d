"""What words say of a clip as a whole: the mean of its latents, and how far they repeat after a while.

Errors of velocities teach a text encoder that knows no words yet very slowly: what a key is to the latents shows only
where a transformer already looks for it. The outline is asked of the words alone. Nothing of it is served.
"""

from __future__ import annotations

import torch

# Frames after which repetition is looked for: beats of 31 to 300 a minute.
_LAGS = range(5, 49)
# Of the repetition, to make it as large as the means.
_GAIN = 4.0


def outline_size(channels: int) -> int:
    """Numbers of an outline."""
    return channels + len(_LAGS)


def outline_of(latents: torch.Tensor) -> torch.Tensor:
    """The outline of latents [frames, channels]: their means, then the autocorrelation of what is left of them."""
    mean = latents.mean(dim=0)
    swings = latents - mean
    frames = len(latents)
    repeats = [
        (swings[lag:] * swings[: frames - lag]).mean() if lag < frames else latents.new_zeros(()) for lag in _LAGS
    ]
    return torch.cat((mean, _GAIN * torch.stack(repeats)))
