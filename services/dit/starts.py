"""What sampling begins from: noise, noise turned towards another, latents with noise on them (spec/model.md §4.8)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from services.dit.plan import SamplingPlan
from services.runtime.noise import Purpose, gaussian


@dataclass(frozen=True)
class Start:
    """Latents [frames or fewer, channels] to begin from, and the noise level to begin at, 0 to 1.

    It is the nearest level of the schedule, the higher of two, that is begun at, or where the start is `exact` the
    noise itself.
    """

    latents: torch.Tensor
    noise: float
    exact: bool = False

    def planned(self, plan: SamplingPlan, *, is_turbo: bool) -> SamplingPlan:
        """The plan of what is left to do, without steps where the noise is 0.

        Exact starts scale the schedule, but that of turbo models, which know few levels (spec/v1.md §2.3).
        """
        if self.noise == 0:
            return plan.from_step(len(plan.timesteps))
        if self.exact:
            return plan.below(self.noise) if is_turbo else plan.scaled_to(self.noise)
        distances = [abs(level - self.noise) for level in plan.timesteps]
        return plan.from_step(distances.index(min(distances)))


@dataclass(frozen=True)
class Variation:
    """How far to turn the noise towards that of a second seed, from 0 to 1."""

    variance: float
    seed: int

    def turned(self, noise: torch.Tensor) -> torch.Tensor:
        """cos(v pi / 2) of the noise and sin(v pi / 2) of the second, which keeps the level (spec/model.md §5.6)."""
        angle = self.variance * math.pi / 2
        second = gaussian(self.seed, Purpose.VARIATION, tuple(noise.shape))
        return math.cos(angle) * noise + math.sin(angle) * second


def mixed(clean: torch.Tensor, noise: torch.Tensor, t: float) -> torch.Tensor:
    """Latents at a noise level; at 0 the clean ones bit by bit."""
    return clean if t == 0 else t * noise + (1 - t) * clean
