"""Sampling, one step at a time: from noise to clean latents along predicted velocities (spec/model.md §5.3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from services.dit.guidance import corrector, guide
from services.dit.plan import SamplingPlan
from services.dit.shaping import shaped


@dataclass(frozen=True)
class _Predicted:
    """Where a corrected step began, and the velocity there."""

    latents: torch.Tensor
    velocity: torch.Tensor


class Trajectory:
    """Latents on their way from noise; whoever has the network asks for `t` and `guided`, then calls `advance`.

    `latents` are [1, frames, channels] in float32, which is the type of the state throughout. `step_noise(k)` is the
    fresh noise of stochastic step k, counted from 0. A corrected step asks twice: between the two `latents` and `t` are
    those of its end, while `steps_done` still counts the steps before it.
    """

    def __init__(self, noise: torch.Tensor, plan: SamplingPlan, step_noise: Callable[[int], torch.Tensor]) -> None:
        self.latents = noise
        self.steps_done = 0
        self._plan = plan
        self._levels = (*plan.timesteps, 0.0)
        self._step_noise = step_noise
        self._guidance = guide(plan.guidance_mode)
        self._previous: torch.Tensor | None = None
        self._predicted: _Predicted | None = None

    @property
    def steps(self) -> int:
        """All steps."""
        return len(self._plan.timesteps)

    @property
    def t(self) -> float:
        """Noise level of the latents; 0 at the end."""
        return self._levels[self.steps_done + (self._predicted is not None)]

    @property
    def guided(self) -> bool:
        """Whether the network is needed under the null condition too."""
        return self._plan.guided_at(self.t)

    def advance(
        self, conditional: torch.Tensor, null: torch.Tensor | None, second: torch.Tensor | None = None
    ) -> torch.Tensor | None:
        """Goes along velocities that are shaped as the latents.

        `second` is the velocity of a condition that is followed beside the first, where the plan blends the two.
        Returns the estimate of the clean latents at the beginning of the step, or None where the step needs further
        velocities before it is done.
        """
        velocity = self._shaped(self._blended(self._guided(conditional, null), second))
        if self._predicted is not None:
            return self._correct(self._predicted, velocity)
        if self.steps_done < self._plan.corrected_steps:
            self._predicted = _Predicted(self.latents, velocity)
            self._previous = velocity
            self.latents = self._euler(self.latents, velocity)
            return None
        clean = self.latents - self.t * velocity
        if self._plan.renoise_levels:
            level = self._plan.renoise_levels[self.steps_done]
            after = clean if level == 0 else level * self._step_noise(self.steps_done) + (1 - level) * clean
        else:
            after = self._euler(self.latents, velocity)
        return self._end_step(after, clean, velocity)

    def _correct(self, begun: _Predicted, second: torch.Tensor) -> torch.Tensor:
        velocity = (begun.velocity + second) / 2
        self._predicted = None
        clean = begun.latents - self.t * begun.velocity
        return self._end_step(self._euler(begun.latents, velocity), clean, velocity)

    def _euler(self, latents: torch.Tensor, velocity: torch.Tensor) -> torch.Tensor:
        """From the beginning of the step to its end."""
        return latents - (self._levels[self.steps_done] - self._levels[self.steps_done + 1]) * velocity

    def _end_step(self, after: torch.Tensor, clean: torch.Tensor, velocity: torch.Tensor) -> torch.Tensor:
        correction = self._plan.wavelet_correction
        self.latents = after if correction is None else correction.apply(after, clean, self.t)
        self._previous = velocity
        self.steps_done += 1
        return clean

    def _guided(self, conditional: torch.Tensor, null: torch.Tensor | None) -> torch.Tensor:
        if null is None:
            return conditional
        guidance = corrector(self._plan.guidance_mode, self.t) if self._predicted else self._guidance
        return guidance.combine(conditional, null, self.latents, self.t, self._plan.guidance_scale)

    def _blended(self, velocity: torch.Tensor, second: torch.Tensor | None) -> torch.Tensor:
        weight = self._plan.blend_weight
        return velocity if second is None or weight is None else weight * velocity + (1 - weight) * second

    def _shaped(self, velocity: torch.Tensor) -> torch.Tensor:
        plan = self._plan
        return shaped(velocity, self.latents, self._previous, clamp=plan.velocity_clamp, ema=plan.velocity_ema)
