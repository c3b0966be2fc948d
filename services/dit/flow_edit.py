"""The course of an edit: along the difference of the velocities under two descriptions (spec/model.md §5.8)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import torch

from services.dit.conditions import View
from services.dit.guidance import guide
from services.dit.model import Branch, ConditionCache
from services.dit.plan import SamplingPlan
from services.dit.shaping import shaped
from services.dit.starts import mixed


@dataclass(frozen=True)
class FlowEdit:
    """Latents [frames or fewer, channels] to edit and their own condition [tokens, width].

    Steps before the share `n_min` are left out; those before the share `n_max` edit, averaging over `n_avg` draws of
    noise; the rest samples under the new condition alone.
    """

    source: torch.Tensor
    condition: torch.Tensor
    n_min: float
    n_max: float
    n_avg: int

    def planned(self, plan: SamplingPlan) -> SamplingPlan:
        """The plan from the first step of the edit, with Euler steps, and with warnings where others were asked for."""
        steps = len(plan.timesteps)
        first, end = int(steps * self.n_min), int(steps * self.n_max)
        ignored = {
            "the method is ignored in an edit, which takes Euler steps": bool(
                plan.renoise_levels or plan.corrected_steps
            ),
            "the wavelet correction is ignored in an edit": plan.wavelet_correction is not None,
        }
        return dataclasses.replace(
            plan.from_step(first),
            renoise_levels=(),
            corrected_steps=0,
            wavelet_correction=None,
            edit_steps=end - first,
            edit_draws=self.n_avg,
            warnings=(*plan.warnings, *(warning for warning, holds in ignored.items() if holds)),
        )


class Editing:
    """An edit of latents [frames, channels] from the view of their own condition, the second one, to the first one.

    A pass through the network takes one draw of noise, whatever their number. `noise(k)` [frames, channels] is draw k,
    counted from 0 over all steps.
    """

    def __init__(
        self,
        source: torch.Tensor,
        plan: SamplingPlan,
        views: tuple[View, View],
        null: ConditionCache | None,
        noise: Callable[[int], torch.Tensor],
    ) -> None:
        self.steps_done = 0
        self._plan = plan
        self._levels = (*plan.timesteps, 0.0)
        self._source, self._views, self._null, self._noise = source, views, null, noise
        # One for each trajectory: the momentum and the last velocity of one say nothing of the other.
        self._guides = [guide(plan.guidance_mode) for _ in views]
        self._previous: list[torch.Tensor | None] = [None for _ in views]
        # The state is what the edit has added, so that the source stays as it is where both velocities agree.
        self._added = torch.zeros_like(source)
        self._plain: torch.Tensor | None = None
        self._draws: list[_Draw] = []
        self._states = self._next_states()

    def branches(self) -> list[Branch]:
        """Velocities of one draw under both conditions, or that of a plain step; each guided where guidance acts."""
        t = self._levels[self.steps_done]
        # A plain step has one state, that of the first view.
        pairs = list(zip(self._views, self._states, strict=False))
        asked = [view.asked(latents, t) for view, latents in pairs]
        if self._plan.guided_at(t):
            asked += [view.asked_under(self._null, latents, t) for view, latents in pairs]
        return asked

    def advance(self, velocities: list[torch.Tensor]) -> torch.Tensor | None:
        """Takes one draw; the last one of a step completes it and returns the clean estimate [frames, channels]."""
        self._draws.append(_Draw(self._states, velocities))
        edits = self.steps_done < self._plan.edit_steps
        if edits and len(self._draws) < self._plan.edit_draws:
            self._states = self._next_states()
            return None
        clean = self._edit() if edits else self._sample()
        self._draws.clear()
        self.steps_done += 1
        self._states = self._next_states()
        return clean

    def latents(self) -> torch.Tensor:
        """The result [frames, channels]."""
        return self._source + self._added if self._plain is None else self._plain

    def _edit(self) -> torch.Tensor:
        t, t_next = self._levels[self.steps_done], self._levels[self.steps_done + 1]
        self._added = self._added + (t_next - t) * (self._velocity(0, t) - self._velocity(1, t))
        return self._source + self._added

    def _sample(self) -> torch.Tensor:
        t, t_next = self._levels[self.steps_done], self._levels[self.steps_done + 1]
        (latents,), velocity = self._states, self._velocity(0, t)
        self._plain = latents + (t_next - t) * velocity
        return latents - t * velocity

    def _next_states(self) -> tuple[torch.Tensor, ...]:
        """Latents to ask for: edited and source ones under a draw of noise, or those of a plain step."""
        if self.steps_done == len(self._plan.timesteps):
            return ()
        if self._plain is not None:
            return (self._plain,)
        noise = self._noise(self.steps_done * self._plan.edit_draws + len(self._draws))
        source = mixed(self._source, noise, self._levels[self.steps_done])
        edited = source + self._added
        return (edited, source) if self.steps_done < self._plan.edit_steps else (edited,)

    def _velocity(self, side: int, t: float) -> torch.Tensor:
        """Mean over the draws of a step; they are guided and shaped together, so that what they carry advances once."""
        plan = self._plan
        latents = torch.stack([draw.states[side] for draw in self._draws])
        velocity = torch.stack([draw.velocities[side] for draw in self._draws])
        if plan.guided_at(t):
            null = torch.stack([draw.velocities[len(draw.states) + side] for draw in self._draws])
            velocity = self._guides[side].combine(velocity, null, latents, t, plan.guidance_scale)
        previous = self._previous[side]
        mean = shaped(velocity, latents, previous, clamp=plan.velocity_clamp, ema=plan.velocity_ema).mean(0)
        self._previous[side] = mean
        return mean


@dataclass(frozen=True)
class _Draw:
    """States that were asked for, and their velocities: under the conditions, then under the null condition."""

    states: tuple[torch.Tensor, ...]
    velocities: list[torch.Tensor]
