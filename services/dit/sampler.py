"""Sampling, one step at a time: from noise to clean latents along predicted velocities (spec/model.md §5.3)."""

from __future__ import annotations

from collections.abc import Callable

import torch

from services.dit.guidance import guide
from services.dit.plan import SamplingPlan


class Trajectory:
    """Latents on their way from noise; whoever has the network asks for `t` and `guided`, then calls `advance`.

    `latents` are [1, frames, channels] in float32, which is the type of the state throughout. `step_noise(k)` is the
    fresh noise of stochastic step k, counted from 0.
    """

    def __init__(self, noise: torch.Tensor, plan: SamplingPlan, step_noise: Callable[[int], torch.Tensor]) -> None:
        self.latents = noise
        self.steps_done = 0
        self._plan = plan
        self._levels = (*plan.timesteps, 0.0)
        self._step_noise = step_noise
        self._guidance = guide(plan.guidance_mode)

    @property
    def steps(self) -> int:
        """All steps."""
        return len(self._plan.timesteps)

    @property
    def t(self) -> float:
        """Noise level of the latents; 0 at the end."""
        return self._levels[self.steps_done]

    @property
    def guided(self) -> bool:
        """Whether the next step needs the velocity under the null condition too."""
        return self._plan.guided_at(self.t)

    def advance(
        self, conditional: torch.Tensor, null: torch.Tensor | None, second: torch.Tensor | None = None
    ) -> torch.Tensor:
        """A step along velocities that are shaped as the latents; returns the estimate of the clean latents.

        `second` is the velocity of a condition that is followed beside the first, where the plan blends the two.
        """
        plan, latents, t = self._plan, self.latents, self.t
        velocity = conditional
        if null is not None:
            velocity = self._guidance.combine(conditional, null, latents, t, plan.guidance_scale)
        if second is not None and plan.blend_weight is not None:
            velocity = plan.blend_weight * velocity + (1 - plan.blend_weight) * second
        clean = latents - t * velocity
        if plan.renoise_levels:
            level = plan.renoise_levels[self.steps_done]
            latents = clean if level == 0 else level * self._step_noise(self.steps_done) + (1 - level) * clean
        else:
            latents = latents - (t - self._levels[self.steps_done + 1]) * velocity
        if plan.wavelet_correction is not None:
            latents = plan.wavelet_correction.apply(latents, clean, t)
        self.latents = latents
        self.steps_done += 1
        return clean
