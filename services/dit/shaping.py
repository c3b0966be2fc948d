"""What becomes of a guided velocity before a step goes along it: clamp, then moving average (spec/model.md §5.3)."""

from __future__ import annotations

import torch

_WHOLE_ITEM = (1, 2)
_SMALLEST_NORM = 1e-10


def shaped(
    velocity: torch.Tensor, latents: torch.Tensor, previous: torch.Tensor | None, *, clamp: float, ema: float
) -> torch.Tensor:
    """Both, each where it is not 0; `previous` is the velocity of the step before, None at the first one."""
    if clamp > 0:
        velocity = clamped(velocity, latents, clamp)
    return velocity if previous is None or ema == 0 else averaged(velocity, previous, ema)


def clamped(velocity: torch.Tensor, latents: torch.Tensor, most: float) -> torch.Tensor:
    """A velocity [batch, frames, channels] at most `most` times as long as its latents; norms are of whole items."""
    norm = torch.linalg.vector_norm(velocity, dim=_WHOLE_ITEM, keepdim=True)
    longest = most * torch.linalg.vector_norm(latents, dim=_WHOLE_ITEM, keepdim=True)
    return velocity * torch.clamp((longest + _SMALLEST_NORM) / (norm + _SMALLEST_NORM), max=1)


def averaged(velocity: torch.Tensor, previous: torch.Tensor, share: float) -> torch.Tensor:
    """The moving average over steps, `share` being what is kept of the previous velocity."""
    return (1 - share) * velocity + share * previous
