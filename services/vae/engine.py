"""Admission and cancellation around the codec: one item at a time, window by window."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass

import torch

from services.runtime.compute import ComputeQueue, Finished, Ticket
from services.runtime.noise import Purpose, gaussian
from services.vae.codec import WindowedCodec


@dataclass(frozen=True)
class DecodeItem:
    """Latents [frames, latent channels] to decode."""

    latents: torch.Tensor


@dataclass(frozen=True)
class EncodeItem:
    """PCM [samples, audio channels] to encode; the posterior's mean is taken unless it is sampled with a seed."""

    pcm: torch.Tensor
    posterior_seed: int | None = None


@dataclass(frozen=True)
class PcmRun:
    """Samples [samples, audio channels] from the index `first_sample` on."""

    first_sample: int
    pcm: torch.Tensor


class VaeEngine:
    """Decodes and encodes items on the compute queue; the cost of an item is its frames."""

    def __init__(self, codec: WindowedCodec, queue: ComputeQueue) -> None:
        self._codec = codec
        self._queue = queue

    def decode(self, item: DecodeItem, seconds_left: float | None) -> AsyncGenerator[PcmRun | Finished[int], None]:
        """Yields the PCM of each window as it is ready, then the number of samples.

        Raises OverloadedError or DeadlineError at once, or DeadlineError between windows.
        """

        def work(ticket: Ticket) -> int:
            first_sample = 0
            for window in self._codec.windows(len(item.latents)):
                ticket.check()
                pcm = self._codec.decode_window(item.latents, window)
                ticket.step_done()
                ticket.emit(PcmRun(first_sample, pcm))
                first_sample += len(pcm)
            return first_sample

        return self._queue.stream(work, cost=len(item.latents), seconds_left=seconds_left)

    async def encode(self, item: EncodeItem, seconds_left: float | None) -> Finished[torch.Tensor]:
        """Latents [frames, latent channels]; samples beyond the last whole frame are dropped.

        Raises OverloadedError or DeadlineError at once, or DeadlineError between windows.
        """

        frames = len(item.pcm) // self._codec.config.hop

        def work(ticket: Ticket) -> torch.Tensor:
            parts = []
            for window in self._codec.windows(frames):
                ticket.check()
                parts.append(self._codec.encode_window(item.pcm, window))
                ticket.step_done()
            mean = torch.cat([part.mean for part in parts])
            if item.posterior_seed is None:
                return mean
            noise = gaussian(item.posterior_seed, Purpose.POSTERIOR, tuple(mean.shape))
            return mean + torch.cat([part.std for part in parts]) * noise

        return await self._queue.run(work, cost=frames, seconds_left=seconds_left)
