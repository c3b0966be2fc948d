"""Admission, cancellation and progress around the sampler: one item at a time, step by step."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass

import torch
from torch.nn import functional

from quartet.errors import InternalError
from services.dit.model import DiffusionTransformer
from services.dit.plan import SamplingDefaults, SamplingOptions, SamplingPlan, resolve
from services.dit.sampler import sample
from services.runtime.compute import ComputeQueue, Finished, Ticket
from services.runtime.noise import Purpose, gaussian

MIN_NETWORK_FRAMES = 128


@dataclass(frozen=True)
class SampleItem:
    """One item to sample; tensors without a batch axis, in float32.

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


class DitEngine:
    """Samples items on the compute queue; the cost of an item is its frames times its network evaluations."""

    def __init__(
        self, model: DiffusionTransformer, silence: torch.Tensor, defaults: SamplingDefaults, queue: ComputeQueue
    ) -> None:
        self._model = model
        self._silence = silence
        self._defaults = defaults
        self._queue = queue

    def plan(self, options: SamplingOptions) -> SamplingPlan:
        """What the sampler would do."""
        return resolve(options, self._defaults)

    def sample(
        self, item: SampleItem, seconds_left: float | None
    ) -> AsyncGenerator[StepDone | Finished[Sampled], None]:
        """Yields each step as it is done, then the latents.

        Raises OverloadedError or DeadlineError at once, DeadlineError between steps, InternalError where the latents
        are not finite.
        """
        plan = self.plan(item.options)
        cost = max(item.frames, MIN_NETWORK_FRAMES) * plan.evaluations

        def work(ticket: Ticket) -> Sampled:
            return Sampled(self._run(item, plan, ticket), plan)

        return self._queue.stream(work, cost=cost, seconds_left=seconds_left)

    @torch.inference_mode()
    def _run(self, item: SampleItem, plan: SamplingPlan, ticket: Ticket) -> torch.Tensor:
        frames = max(item.frames, MIN_NETWORK_FRAMES)
        device = self._model.norm_out.weight.device
        noise = gaussian(item.seed, Purpose.INITIAL, (frames, self._silence.shape[1]))
        if item.noise is not None:
            noise = torch.cat((item.noise, noise[item.frames :]))
        latents = sample(
            noise[None].to(device),
            plan,
            _ItemVelocities(self._model, self._context(item, frames), item, ticket),
            lambda step: gaussian(item.seed, Purpose.SDE_STEP, tuple(noise.shape), draw=step)[None].to(device),
            _Reporting(item, len(plan.timesteps), ticket),
        )
        if not torch.isfinite(latents).all():
            raise InternalError("the sampler produced NaN or infinite latents", reason="NON_FINITE_LATENTS")
        return latents[0, : item.frames].cpu()

    def _context(self, item: SampleItem, frames: int) -> torch.Tensor:
        """Source latents and mask [1, frames, 2 channels]; what an item lacks in length is free silence."""
        source = self._silence[:frames]
        if item.source is not None:
            source = torch.cat((item.source, self._silence[: frames - len(item.source)]))
        mask = torch.ones(frames) if item.mask is None else item.mask.float()
        mask = functional.pad(mask, (0, frames - len(mask)), value=1.0)
        return torch.cat((source, mask[:, None].expand_as(source)), dim=-1)[None]


class _ItemVelocities:
    """The network bound to one item: what is equal at every step is computed once."""

    def __init__(self, model: DiffusionTransformer, context: torch.Tensor, item: SampleItem, ticket: Ticket) -> None:
        weight = model.norm_out.weight
        self._model = model
        self._ticket = ticket
        self._context = context.to(weight)
        self._geometry = model.geometry(context.shape[1])
        self._condition = model.cache_condition(item.condition[None].to(weight))
        # One token stands for the null condition at every position: attention to equal tokens is attention to one.
        self._null = (
            None if item.null_condition is None else model.cache_condition(item.null_condition[None].to(weight))
        )

    def conditional(self, latents: torch.Tensor, t: float) -> torch.Tensor:
        return self._evaluate(latents, t, self._condition)

    def null(self, latents: torch.Tensor, t: float) -> torch.Tensor:
        if self._null is None:
            raise InternalError("guidance needs the null condition")
        return self._evaluate(latents, t, self._null)

    def _evaluate(
        self, latents: torch.Tensor, t: float, condition: tuple[tuple[torch.Tensor, torch.Tensor], ...]
    ) -> torch.Tensor:
        levels = torch.full((1,), t, device=latents.device, dtype=self._context.dtype)
        velocity = self._model(latents.to(self._context.dtype), self._context, condition, levels, self._geometry)
        self._ticket.step_done()
        result: torch.Tensor = velocity.float()
        return result


class _Reporting:
    """Tells the waiting call of each step, and lets it stop the loop."""

    def __init__(self, item: SampleItem, steps: int, ticket: Ticket) -> None:
        self._item = item
        self._steps = steps
        self._ticket = ticket

    def before_step(self) -> None:
        self._ticket.check()

    def after_step(self, step: int, clean: torch.Tensor) -> None:
        every = self._item.preview_every_steps
        preview = clean[0, : self._item.frames].cpu() if every and step % every == 0 else None
        self._ticket.emit(StepDone(step, self._steps, preview))
