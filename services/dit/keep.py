"""Frames that are kept as they are: injected on the way and blended at the end (spec/model.md §4.7)."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import torch
from torch.nn import functional

from services.dit.plan import SamplingPlan
from services.dit.starts import mixed


@dataclass(frozen=True)
class Keep:
    """Latents [frames or fewer, channels] that hold where they are not `free` [frames], by default outside of the mask;
    silence takes the rest, or all where there are none.

    `injection` is the share of the steps after which they are set again, `crossfade_frames` the length of the ramps
    beside each free region; 0 leaves the result as sampled.
    """

    latents: torch.Tensor | None
    injection: float
    crossfade_frames: int
    free: torch.Tensor | None = None

    def planned(self, plan: SamplingPlan, *, is_turbo: bool) -> SamplingPlan:
        """Turbo models finish their last step freely."""
        steps = len(plan.timesteps)
        injected = min(round(self.injection * steps), steps - 1 if is_turbo else steps)
        return dataclasses.replace(plan, injected_steps=injected)


class Kept:
    """What is kept of one item: latents and initial noise [1, frames, channels] where `free` [frames] is false.

    `weights` [frames] are those of the sampled latents in the result.
    """

    def __init__(self, latents: torch.Tensor, noise: torch.Tensor, free: torch.Tensor, weights: torch.Tensor) -> None:
        self._latents, self._noise = latents, noise
        self._free, self._weights = free[:, None], weights[:, None]

    def inject(self, latents: torch.Tensor, t: float) -> torch.Tensor:
        """Sets the kept frames of latents at a noise level."""
        return torch.where(self._free, latents, mixed(self._latents, self._noise, t))

    def blend(self, latents: torch.Tensor) -> torch.Tensor:
        """The result: the sampled latents where they are free, over ramps the kept ones, beyond them these alone."""
        return self._weights * latents + (1 - self._weights) * self._latents


def blend_weights(free: torch.Tensor, crossfade_frames: int) -> torch.Tensor:
    """Weights [frames] of the sampled latents: 1 where they are free, linear ramps outside of every free run, then 0.

    Ramps that the ends cut short are steeper; where two overlap the greater holds. Without a crossfade all are 1.
    """
    if crossfade_frames == 0:
        return torch.ones(len(free))
    weights = free.float()
    edges = torch.diff(functional.pad(free.int(), (1, 1)))
    starts, ends = ((edges == sign).nonzero().flatten().tolist() for sign in (1, -1))
    for start, end in zip(starts, ends, strict=True):
        before, after = min(crossfade_frames, start), min(crossfade_frames, len(free) - end)
        rising, falling = weights[start - before : start], weights[end : end + after]
        rising.copy_(torch.maximum(rising, _ramp(before)))
        falling.copy_(torch.maximum(falling, _ramp(after).flip(0)))
    return weights


def _ramp(frames: int) -> torch.Tensor:
    """Rises linearly between, not with, 0 and 1."""
    return torch.linspace(0, 1, frames + 2)[1:-1]
