"""Admission around the stepper: what an item costs, and what the calls that wait for it get."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from services.dit.align import Aligned
from services.dit.items import AlignItem, Sampled, SampleItem, StepDone, Work
from services.dit.plan import SamplingDefaults, SamplingPlan, resolve
from services.runtime.batching import BatchQueue
from services.runtime.items import Finished


class DitEngine:
    """Samples and aligns items through a batch queue; the cost of an item is its frames times its evaluations."""

    def __init__(self, defaults: SamplingDefaults, queue: BatchQueue[Work]) -> None:
        self._defaults = defaults
        self._queue = queue

    def plan(self, item: SampleItem) -> SamplingPlan:
        """What the sampler would do."""
        plan = resolve(item.options, self._defaults)
        if item.edit is not None:
            return item.edit.planned(plan)
        # The start first: switch and keep count the steps that it leaves.
        if item.start is not None:
            plan = item.start.planned(plan, is_turbo=self._defaults.is_turbo)
        if item.switch is not None:
            plan = item.switch.planned(plan)
        if item.keep is not None:
            plan = item.keep.planned(plan, is_turbo=self._defaults.is_turbo)
        return plan

    def sample(
        self, item: SampleItem, seconds_left: float | None
    ) -> AsyncGenerator[StepDone | Finished[Sampled], None]:
        """Yields each step as it is done, then the latents.

        Raises OverloadedError or DeadlineError at once, DeadlineError between steps, InternalError where the latents
        are not finite.
        """
        plan = self.plan(item)
        cost = item.network_frames * plan.evaluations
        return self._queue.stream((item, plan), cost=cost, seconds_left=seconds_left)

    async def align(self, item: AlignItem, seconds_left: float | None) -> Finished[Aligned]:
        """What finished latents attend to. Raises as `sample` does."""
        return await self._queue.run(item, cost=item.sampled.network_frames, seconds_left=seconds_left)
