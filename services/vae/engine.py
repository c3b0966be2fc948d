"""Admission around the codec: what an item costs, and what the calls that wait for it get."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import torch

from services.runtime.batching import BatchQueue
from services.runtime.items import Finished
from services.vae.config import VaeConfig
from services.vae.stepper import DecodeItem, EncodeItem, PcmRun


class VaeEngine:
    """Decodes and encodes items through a batch queue; the cost of an item is its frames."""

    def __init__(self, config: VaeConfig, queue: BatchQueue[DecodeItem | EncodeItem]) -> None:
        self._config = config
        self._queue = queue

    def decode(self, item: DecodeItem, seconds_left: float | None) -> AsyncGenerator[PcmRun | Finished[int], None]:
        """Yields the PCM of each window as it is ready, then the number of samples.

        Raises OverloadedError or DeadlineError at once, or DeadlineError between windows.
        """
        return self._queue.stream(item, cost=len(item.latents), seconds_left=seconds_left)

    async def encode(self, item: EncodeItem, seconds_left: float | None) -> Finished[torch.Tensor]:
        """Latents [frames, latent channels]; samples beyond the last whole frame are dropped.

        Raises OverloadedError or DeadlineError at once, or DeadlineError between windows.
        """
        frames = len(item.pcm) // self._config.hop
        return await self._queue.run(item, cost=frames, seconds_left=seconds_left)
