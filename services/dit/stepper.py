"""Steps of many items in one forward pass: they join and leave at any step, whatever their length and schedule."""

from __future__ import annotations

from typing import Protocol

import torch
from torch.nn import functional

from quartet.errors import InternalError
from services.dit.align import Aligning
from services.dit.conditions import View
from services.dit.denoising import Denoising
from services.dit.flow_edit import Editing, FlowEdit
from services.dit.items import AlignItem, PlannedItem, Sampled, SampleItem, StepDone, Work
from services.dit.keep import Keep, Kept, blend_weights
from services.dit.model import Branch, ConditionCache, DiffusionTransformer
from services.dit.plan import SamplingPlan
from services.dit.sampler import Trajectory
from services.dit.starts import mixed
from services.runtime.batching import Member
from services.runtime.items import Ticket
from services.runtime.noise import Purpose, gaussian
from services.runtime.turns import Turns

SLACK_TOKENS = 2048


class Course(Protocol):
    """The way of an item from step to step; tensors are [frames, channels]."""

    @property
    def steps_done(self) -> int:
        """Steps that are complete."""

    def branches(self) -> list[Branch]:
        """What the next pass asks the network; nothing where no step is left."""

    def advance(self, velocities: list[torch.Tensor]) -> torch.Tensor | None:
        """Takes the velocities of its branches; the clean estimate, or None where the step needs another pass."""

    def latents(self) -> torch.Tensor:
        """The result, when all steps are done."""


class Sampling(Member):
    """An item in the batch, which follows its course."""

    def __init__(self, work: PlannedItem, ticket: Ticket, course: Course) -> None:
        super().__init__(ticket)
        self.item, self.plan = work
        self.course = course

    def branches(self) -> list[Branch]:
        """What the next pass asks the network."""
        return self.course.branches()

    def advance(self, velocities: list[torch.Tensor]) -> None:
        """Takes the velocities of its course's branches: none where it has no steps, and so ends."""
        if velocities:
            self._pass_done(velocities)
        if self.course.steps_done == len(self.plan.timesteps):
            self._end()

    def _pass_done(self, velocities: list[torch.Tensor]) -> None:
        clean = self.course.advance(velocities)
        for _ in velocities:
            self.ticket.step_done()
        if clean is None:
            return
        step, every = self.course.steps_done, self.item.preview_every_steps
        preview = clean[: self.item.frames].cpu() if every and step % every == 0 else None
        self.ticket.emit(StepDone(step, len(self.plan.timesteps), preview))

    def _end(self) -> None:
        latents = self.course.latents()
        if torch.isfinite(latents).all():
            self.finish(Sampled(latents[: self.item.frames].cpu(), self.plan))
        else:
            self.fail(InternalError("the sampler produced NaN or infinite latents", reason="NON_FINITE_LATENTS"))


class DitStepper:
    """Holds the network and up to `max_items` items; each step takes those whose turn it is.

    In `deterministic` mode a step is of one item, so that not even low bits depend on others.
    """

    def __init__(
        self,
        model: DiffusionTransformer,
        silence: torch.Tensor,
        *,
        tokens_per_step: int,
        max_items: int,
        deterministic: bool,
    ) -> None:
        self._model = model
        self._silence = silence
        self._max_items = max_items
        self._turns: Turns[Sampling | Aligning] = Turns(tokens_per_step, SLACK_TOKENS, alone=deterministic)
        self._null: tuple[torch.Tensor, ConditionCache] | None = None

    @torch.inference_mode()
    def join(self, work: Work, ticket: Ticket) -> Sampling | Aligning | None:
        """Takes an item in where there is room."""
        if len(self._turns) == self._max_items:
            return None
        if isinstance(work, AlignItem):
            return self._join_aligning(work, ticket)
        item, plan = work
        member = Sampling(
            work, ticket, self._denoising(*work) if item.edit is None else self._editing(item.edit, *work)
        )
        self._turns.enter(member, self._model.tokens(item.network_frames) * plan.widest_pass)
        return member

    def _join_aligning(self, item: AlignItem, ticket: Ticket) -> Aligning:
        sampled = item.sampled
        latents = self._filled(item.latents, sampled)
        noise = gaussian(sampled.seed, Purpose.INITIAL, tuple(latents.shape))
        view = self._view(sampled, sampled.source, sampled.condition)
        start = mixed(latents, noise, item.noise_level).to(self._model.weight)
        branch = Branch(start, view.context, view.condition, item.noise_level)
        member = Aligning(ticket, self._model, branch, item.lyric_tokens, self._model.tokens(sampled.frames))
        self._turns.enter(member, self._model.tokens(sampled.network_frames))
        return member

    def leave(self, member: Member) -> None:
        """Forgets an item."""
        self._turns.leave(member)

    def ready(self) -> bool:
        """Whether anybody is in the batch."""
        return bool(self._turns)

    @torch.inference_mode()
    def step(self) -> None:
        """One forward pass of the members whose turn it is; those that ask it nothing have one of their own."""
        members = self._turns.next()
        asked = [member.branches() for member in members]
        together = [branch for branches in asked for branch in branches]
        velocities = self._model(together) if together else []
        for member, branches in zip(members, asked, strict=True):
            member.shared_with(len(members))
            member.advance([velocities.pop(0) for _ in branches])

    def _denoising(self, item: SampleItem, plan: SamplingPlan) -> Denoising:
        noise = self._initial_noise(item)
        latents = noise
        if item.start is not None:
            latents = mixed(self._filled(item.start.latents, item), noise, (*plan.timesteps, 0.0)[0])
        trajectory = Trajectory(
            self._state(latents),
            plan,
            lambda step: self._state(gaussian(item.seed, Purpose.SDE_STEP, tuple(noise.shape), draw=step)),
        )
        views = [self._view(item, item.source, item.condition)]
        if item.switch is not None:
            source = item.source if item.switch.blend else item.switch.source
            views.append(self._view(item, source, item.switch.condition))
        kept = None if item.keep is None else self._kept(item, item.keep, noise)
        return Denoising(trajectory, plan, views, self._null_of(item, plan), kept)

    def _editing(self, edit: FlowEdit, item: SampleItem, plan: SamplingPlan) -> Editing:
        source = self._filled(edit.source, item)
        views = (self._view(item, item.source, item.condition), self._view(item, item.source, edit.condition))
        return Editing(
            self._state(source)[0],
            plan,
            views,
            self._null_of(item, plan),
            lambda draw: self._state(gaussian(item.seed, Purpose.EDIT, tuple(source.shape), draw=draw))[0],
        )

    def _initial_noise(self, item: SampleItem) -> torch.Tensor:
        noise = gaussian(item.seed, Purpose.INITIAL, (item.network_frames, self._silence.shape[1]))
        if item.noise is not None:
            noise = torch.cat((item.noise, noise[item.frames :]))
        return noise if item.variation is None else item.variation.turned(noise)

    def _kept(self, item: SampleItem, keep: Keep, noise: torch.Tensor) -> Kept:
        free = self._mask(item, item.mask if keep.free is None else keep.free)
        weights = blend_weights(free[: item.frames], keep.crossfade_frames)
        weights = functional.pad(weights, (0, len(free) - item.frames), value=1.0)
        device = self._model.weight.device
        latents = self._state(self._filled(keep.latents, item))
        return Kept(latents, self._state(noise), free.to(device), weights.to(device))

    def _state(self, latents: torch.Tensor) -> torch.Tensor:
        """Latents [1, frames, channels] on the device; states stay in float32."""
        return latents[None].to(self._model.weight.device)

    def _filled(self, latents: torch.Tensor | None, item: SampleItem) -> torch.Tensor:
        """Latents [network frames, channels]; silence takes what they lack in length."""
        silence = self._silence[: item.network_frames]
        return silence if latents is None else torch.cat((latents, silence[: len(silence) - len(latents)]))

    def _mask(self, item: SampleItem, mask: torch.Tensor | None) -> torch.Tensor:
        """A mask [frames], or none, as [network frames]: what the item is filled up with is free."""
        free = torch.ones(item.network_frames, dtype=torch.bool)
        return free if mask is None else torch.cat((mask, free[item.frames :]))

    def _view(self, item: SampleItem, source: torch.Tensor | None, condition: torch.Tensor) -> View:
        """The context is source latents, where they are not silenced, then the mask."""
        latents = self._filled(source, item)
        if item.silenced is not None:
            silenced = functional.pad(item.silenced, (0, len(latents) - item.frames))
            latents = torch.where(silenced[:, None], self._silence[: len(latents)], latents)
        context = torch.cat((latents, self._mask(item, item.mask).float()[:, None].expand_as(latents)), dim=-1)
        return View(context.to(self._model.weight), self._model.cache_condition(condition))

    def _null_of(self, item: SampleItem, plan: SamplingPlan) -> ConditionCache | None:
        return self._cached_null(item.null_condition) if plan.guided else None

    def _cached_null(self, condition: torch.Tensor | None) -> ConditionCache | None:
        """Keys and values of the null condition, which belongs to the model: computed again only where it changes.

        One token stands for it at every position: attention to equal tokens is attention to one.
        """
        if condition is None:
            return None
        if self._null is None or not torch.equal(self._null[0], condition):
            self._null = (condition, self._model.cache_condition(condition))
        return self._null[1]
