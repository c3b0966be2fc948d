"""Admission around the stepper: what an item costs, and what the calls that wait for it get."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from services.dit.align import Aligned
from services.dit.plan import SamplingDefaults, SamplingOptions, SamplingPlan, resolve
from services.dit.stepper import AlignItem, Sampled, SampleItem, StepDone, Work
from services.runtime.batching import BatchQueue
from services.runtime.items import Finished


class DitEngine:
    """Samples and aligns items through a batch queue; the cost of an item is its frames times its evaluations."""

    def __init__(self, defaults: SamplingDefaults, queue: BatchQueue[Work]) -> None:
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
        cost = item.network_frames * plan.evaluations
        return self._queue.stream((item, plan), cost=cost, seconds_left=seconds_left)

    async def align(self, item: AlignItem, seconds_left: float | None) -> Finished[Aligned]:
        """What finished latents attend to. Raises as `sample` does."""
        return await self._queue.run(item, cost=item.sampled.network_frames, seconds_left=seconds_left)
