"""Steps of many items in one forward pass: they join and leave at any step, whatever their length and schedule."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional

from quartet.errors import InternalError
from services.dit.align import Aligning, noisy
from services.dit.model import Branch, ConditionCache, DiffusionTransformer
from services.dit.plan import SamplingOptions, SamplingPlan
from services.dit.sampler import Trajectory
from services.runtime.batching import Member
from services.runtime.items import Ticket
from services.runtime.noise import Purpose, gaussian
from services.runtime.turns import Turns

MIN_NETWORK_FRAMES = 128
SLACK_TOKENS = 2048


@dataclass(frozen=True)
class SampleItem:
    """One item to sample; tensors without a batch axis, in float32 but for the condition, which has any type.

    `condition` [tokens, width], `null_condition` [1, width] where guidance may act, `source` [frames or fewer,
    channels] or None, silence taking the rest, `mask` [frames] or None for everywhere, `noise` [frames, channels] or
    None for the seeded one.
    """

    condition: torch.Tensor
    null_condition: torch.Tensor | None
    frames: int
    source: torch.Tensor | None = None
    mask: torch.Tensor | None = None
    seed: int = 0
    noise: torch.Tensor | None = None
    options: SamplingOptions = SamplingOptions()
    preview_every_steps: int = 0

    @property
    def network_frames(self) -> int:
        """Frames that the network sees: short items are filled up."""
        return max(self.frames, MIN_NETWORK_FRAMES)


@dataclass(frozen=True)
class StepDone:
    """A step is done; `preview` is the clean estimate [frames, channels] where one was asked for."""

    step: int
    steps: int
    preview: torch.Tensor | None


@dataclass(frozen=True)
class Sampled:
    """Clean latents [frames, channels] and the plan that was followed."""

    latents: torch.Tensor
    plan: SamplingPlan


@dataclass(frozen=True)
class AlignItem:
    """Finished latents [frames, channels] and the item that they were sampled as: its condition, frames, context, seed.

    The lyrics are the first `lyric_tokens` of the condition; `noise_level`, within 0 and 1, is that of the pass.
    """

    sampled: SampleItem
    latents: torch.Tensor
    lyric_tokens: int
    noise_level: float


PlannedItem = tuple[SampleItem, SamplingPlan]
Work = PlannedItem | AlignItem


class Sampling(Member):
    """An item in the batch: its state, and what is equal at each of its steps."""

    def __init__(
        self,
        work: PlannedItem,
        ticket: Ticket,
        trajectory: Trajectory,
        context: torch.Tensor,
        condition: ConditionCache,
        null: ConditionCache | None,
    ) -> None:
        super().__init__(ticket)
        self.item, self.plan = work
        self.trajectory = trajectory
        self._context = context
        self._condition = condition
        self._null = null

    def branches(self) -> list[Branch]:
        """What the next step asks the network: one velocity, or two where guidance compares them."""
        latents, t = self.trajectory.latents[0], self.trajectory.t
        asked = [Branch(latents, self._context, self._condition, t)]
        if self.trajectory.guided:
            if self._null is None:
                raise InternalError("guidance needs the null condition")
            asked.append(Branch(latents, self._context, self._null, t))
        return asked

    def advance(self, velocities: list[torch.Tensor]) -> None:
        """Takes the velocities of its branches."""
        null = velocities[1][None] if len(velocities) > 1 else None
        clean = self.trajectory.advance(velocities[0][None], null)
        for _ in velocities:
            self.ticket.step_done()
        step, every = self.trajectory.steps_done, self.item.preview_every_steps
        preview = clean[0, : self.item.frames].cpu() if every and step % every == 0 else None
        self.ticket.emit(StepDone(step, self.trajectory.steps, preview))
        if step == self.trajectory.steps:
            self._end()

    def _end(self) -> None:
        latents = self.trajectory.latents[0, : self.item.frames].cpu()
        if torch.isfinite(self.trajectory.latents).all():
            self.finish(Sampled(latents, self.plan))
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
            work,
            ticket,
            self._trajectory(item, plan),
            self._context(item).to(self._model.weight),
            self._model.cache_condition(item.condition),
            self._cached_null(item.null_condition) if plan.guided else None,
        )
        self._turns.enter(member, self._model.tokens(item.network_frames) * (2 if plan.guided else 1))
        return member

    def _join_aligning(self, item: AlignItem, ticket: Ticket) -> Aligning:
        sampled = item.sampled
        latents = torch.cat((item.latents, self._silence[: sampled.network_frames - len(item.latents)]))
        noise = gaussian(sampled.seed, Purpose.INITIAL, tuple(latents.shape))
        branch = Branch(
            noisy(latents, noise, item.noise_level).to(self._model.weight),
            self._context(sampled).to(self._model.weight),
            self._model.cache_condition(sampled.condition),
            item.noise_level,
        )
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

    def _trajectory(self, item: SampleItem, plan: SamplingPlan) -> Trajectory:
        shape, device = (item.network_frames, self._silence.shape[1]), self._model.weight.device
        noise = gaussian(item.seed, Purpose.INITIAL, shape)
        if item.noise is not None:
            noise = torch.cat((item.noise, noise[item.frames :]))
        return Trajectory(
            noise[None].to(device),
            plan,
            lambda step: gaussian(item.seed, Purpose.SDE_STEP, shape, draw=step)[None].to(device),
        )

    def _context(self, item: SampleItem) -> torch.Tensor:
        """Source latents and mask [frames, 2 channels]; what an item lacks in length is free silence."""
        frames = item.network_frames
        source = self._silence[:frames]
        if item.source is not None:
            source = torch.cat((item.source, self._silence[: frames - len(item.source)]))
        mask = torch.ones(frames) if item.mask is None else item.mask.float()
        mask = functional.pad(mask, (0, frames - len(mask)), value=1.0)
        return torch.cat((source, mask[:, None].expand_as(source)), dim=-1)

    def _cached_null(self, condition: torch.Tensor | None) -> ConditionCache | None:
        """Keys and values of the null condition, which belongs to the model: computed again only where it changes.

        One token stands for it at every position: attention to equal tokens is attention to one.
        """
        if condition is None:
            return None
        if self._null is None or not torch.equal(self._null[0], condition):
            self._null = (condition, self._model.cache_condition(condition))
        return self._null[1]
