"""PCM that arrives in pieces, put together in order."""

from __future__ import annotations

import torch

from quartet.validation import Violations


class PcmUpload:
    """Collects exactly the announced number of samples; what deviates is refused at once."""

    def __init__(self, samples: int, channels: int, *, max_run: int) -> None:
        self._pcm = torch.empty(samples, channels)
        self._max_run = max_run
        self._received = 0

    def add(self, first_sample: int, run: torch.Tensor) -> None:
        """Appends a run [samples, channels]. Raises InvalidRequestError unless it continues what is there and fits."""
        announced = len(self._pcm)
        with Violations() as check:
            check.that(
                first_sample == self._received,
                "chunk.first_sample",
                f"is {first_sample}, but {self._received} samples came before; chunks must follow one another",
            )
            check.that(
                1 <= len(run) <= self._max_run,
                "chunk.pcm",
                f"{len(run)} samples, must be within 1 and {self._max_run}; send at most one second at a time",
            )
            check.that(
                self._received + len(run) <= announced,
                "chunk.pcm",
                f"goes on to sample {self._received + len(run)}, but the header announced {announced}",
            )
        self._pcm[self._received : self._received + len(run)] = run
        self._received += len(run)

    def whole(self) -> torch.Tensor:
        """All samples [samples, channels]. Raises InvalidRequestError where some are missing."""
        with Violations() as check:
            check.that(
                self._received == len(self._pcm),
                "header.samples",
                f"announced {len(self._pcm)} samples, but the stream ended after {self._received}",
            )
        return self._pcm
