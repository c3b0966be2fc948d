"""Which condition a step follows: one throughout, a second one from some step on, or both (spec/model.md §4.8)."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import torch

from quartet.errors import InternalError
from services.dit.model import Branch, ConditionCache
from services.dit.plan import SamplingPlan


@dataclass(frozen=True)
class ConditionSwitch:
    """A second condition [tokens, width], and latents [frames or fewer, channels] as its context; None is silence.

    `strength` is the share of the steps that follow the first. With `blend` every step follows both, under the context
    of the first, and the strength is the weight of the first one's velocity.
    """

    strength: float
    condition: torch.Tensor
    source: torch.Tensor | None = None
    blend: bool = False

    def planned(self, plan: SamplingPlan) -> SamplingPlan:
        """The plan with the step of the switch, or with the weight."""
        if self.blend:
            return dataclasses.replace(plan, blend_weight=self.strength)
        return dataclasses.replace(plan, switch_step=int(len(plan.timesteps) * self.strength))


@dataclass(frozen=True)
class View:
    """What the network sees beside latents and noise level: context [frames, 2 channels] and a condition."""

    context: torch.Tensor
    condition: ConditionCache

    def asked(self, latents: torch.Tensor, t: float) -> Branch:
        """Asks for the velocity of latents [frames, channels]."""
        return Branch(latents, self.context, self.condition, t)

    def asked_under(self, null: ConditionCache | None, latents: torch.Tensor, t: float) -> Branch:
        """Asks for the velocity that guidance compares: under the null condition in the same context."""
        if null is None:
            raise InternalError("guidance needs the null condition")
        return Branch(latents, self.context, null, t)
