"""The sampling loop: from noise to clean latents along predicted velocities (spec/model.md §5.3)."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Protocol

import torch

from services.dit.guidance import Guide, acts_at, guide
from services.dit.plan import SamplingPlan


class Velocities(Protocol):
    """What the network predicts for one item."""

    def conditional(self, latents: torch.Tensor, t: float) -> torch.Tensor:
        """Under the condition."""

    def null(self, latents: torch.Tensor, t: float) -> torch.Tensor:
        """Under the null condition."""


class Observer(Protocol):
    """Follows the loop."""

    def before_step(self) -> None:
        """Raises to stop the loop."""

    def after_step(self, step: int, clean: torch.Tensor) -> None:
        """`step` counts from 1; `clean` is the estimate of the clean latents."""


def sample(
    noise: torch.Tensor,
    plan: SamplingPlan,
    velocities: Velocities,
    step_noise: Callable[[int], torch.Tensor],
    observer: Observer,
) -> torch.Tensor:
    """Clean latents from noise, both [1, frames, channels] in float32, which is the type of the state throughout.

    `step_noise(k)` is the fresh noise of stochastic step k, counted from 0.
    """
    latents = noise
    guidance = guide(plan.guidance_mode)
    levels = (*plan.timesteps, 0.0)
    for step, (t, t_next) in enumerate(pairwise(levels)):
        observer.before_step()
        velocity = _velocity(latents, t, plan, velocities, guidance)
        clean = latents - t * velocity
        if plan.renoise_levels:
            level = plan.renoise_levels[step]
            latents = clean if level == 0 else level * step_noise(step) + (1 - level) * clean
        else:
            latents = latents - (t - t_next) * velocity
        if plan.wavelet_correction is not None:
            latents = plan.wavelet_correction.apply(latents, clean, t)
        observer.after_step(step + 1, clean)
    return latents


def _velocity(
    latents: torch.Tensor, t: float, plan: SamplingPlan, velocities: Velocities, guidance: Guide
) -> torch.Tensor:
    conditional = velocities.conditional(latents, t)
    if not plan.guided or not acts_at(t, *plan.guidance_interval):
        return conditional
    return guidance.combine(conditional, velocities.null(latents, t), latents, t, plan.guidance_scale)
