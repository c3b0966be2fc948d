"""The course of most items: from noise, or from latents with noise on them, along one or two conditions."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from services.dit.conditions import View
from services.dit.keep import Kept
from services.dit.model import Branch, ConditionCache
from services.dit.plan import SamplingPlan
from services.dit.sampler import Trajectory


class Denoising:
    """A trajectory, the views that it follows, the second being that of a condition switch, and what it keeps."""

    def __init__(
        self,
        trajectory: Trajectory,
        plan: SamplingPlan,
        views: Sequence[View],
        null: ConditionCache | None,
        kept: Kept | None,
    ) -> None:
        self._trajectory = trajectory
        self._plan = plan
        self._views = views
        self._null = null
        self._kept = kept

    @property
    def steps_done(self) -> int:
        """Steps that are complete."""
        return self._trajectory.steps_done

    def branches(self) -> list[Branch]:
        """One velocity, that of the null condition where guidance acts, that of the second one where both blend."""
        trajectory, plan = self._trajectory, self._plan
        if trajectory.steps_done == trajectory.steps:
            return []
        latents, t = trajectory.latents[0], trajectory.t
        switched = plan.switch_step is not None and trajectory.steps_done >= plan.switch_step
        view = self._views[int(switched)]
        asked = [view.asked(latents, t)]
        if trajectory.guided:
            asked.append(view.asked_under(self._null, latents, t))
        if plan.blend_weight is not None:
            asked.append(self._views[1].asked(latents, t))
        return asked

    def advance(self, velocities: list[torch.Tensor]) -> torch.Tensor | None:
        """Goes along the velocities of its branches; the clean estimate [frames, channels] where a step is done."""
        trajectory, given = self._trajectory, iter(velocities)
        conditional = next(given)[None]
        null = next(given)[None] if trajectory.guided else None
        second = next(given)[None] if self._plan.blend_weight is not None else None
        clean = trajectory.advance(conditional, null, second)
        if clean is None:
            return None
        if self._kept is not None and trajectory.steps_done <= self._plan.injected_steps:
            trajectory.latents = self._kept.inject(trajectory.latents, trajectory.t)
        return clean[0]

    def latents(self) -> torch.Tensor:
        """The result [frames, channels]."""
        latents = self._trajectory.latents
        return (latents if self._kept is None else self._kept.blend(latents))[0]
