"""What a stage says of itself and of each call, as messages of the contract."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import torch

from quartet.errors import NotFoundError
from quartet.v1 import stage_pb2
from services.runtime.device_memory import DeviceMemory
from services.runtime.items import Finished, Load


@dataclass(frozen=True)
class ModelIdentity:
    """The weights that a stage serves and how it computes with them; the codebook is that of audio codes."""

    id: str
    revision: str
    dtype: torch.dtype
    device: torch.device
    codebook_size: int = 0

    def message(self) -> stage_pb2.ModelInfo:
        """As a message."""
        return stage_pb2.ModelInfo(
            id=self.id,
            revision=self.revision,
            compute_dtype=str(self.dtype).removeprefix("torch."),
            device=self.device.type,
            loaded=True,
            codebook_size=self.codebook_size,
        )


class Queue(Protocol):
    """What a report says of the queue in front of an engine."""

    steps_computed: int

    @property
    def load(self) -> Load:
        """The present load."""


@dataclass(frozen=True)
class Reporter:
    """Builds the reports of one stage."""

    stage: str
    model: ModelIdentity
    queue: Queue
    limits: Mapping[str, float]
    memory: DeviceMemory | None = None

    def check_model(self, asked: str) -> None:
        """Raises NotFoundError where a request names a model that is not served here."""
        if asked not in ("", self.model.id):
            raise NotFoundError.of("model", asked, f"this {self.stage} serves {self.model.id}")

    def report(self, finished: Finished[Any], arrived_ns: int) -> stage_pb2.StageReport:
        """Closes a call that arrived at a time of `time.monotonic_ns`."""
        return stage_pb2.StageReport(
            queue_ns=finished.queue_ns,
            compute_ns=finished.compute_ns,
            total_ns=time.monotonic_ns() - arrived_ns,
            model=self.model.message(),
            batch_size=finished.batch_size,
            load=self._load(),
        )

    def info(self) -> stage_pb2.StageInfo:
        """The stage at this moment."""
        return stage_pb2.StageInfo(
            stage=self.stage,
            models=[self.model.message()],
            limits=[stage_pb2.StageLimit(name=name, value=value) for name, value in self.limits.items()],
            load=self._load(),
            steps_computed=self.queue.steps_computed,
            memory=None if self.memory is None else _memory_message(self.memory),
        )

    def _load(self) -> stage_pb2.StageLoad:
        load = self.queue.load
        return stage_pb2.StageLoad(
            queued_items=load.queued_items,
            running_items=load.running_items,
            expected_wait_ns=load.expected_wait_ns,
        )


def memory_together(reporters: Iterable[Reporter]) -> stage_pb2.DeviceMemory | None:
    """What models of one process take, as a message; None where none tells."""
    memories = [reporter.memory for reporter in reporters if reporter.memory]
    return _memory_message(DeviceMemory.together(memories)) if memories else None


def _memory_message(memory: DeviceMemory) -> stage_pb2.DeviceMemory:
    return stage_pb2.DeviceMemory(weights_bytes=memory.weights, peak_bytes=memory.peak())
