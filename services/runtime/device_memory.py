"""What a stage takes of its device: by torch's counters on a GPU, by accounting on a CPU."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import nn

from services.layers.quantization import is_plain
from services.runtime.placement import device_bytes
from services.runtime.process_memory import memory_of
from serving.allocator import give_back_free_memory

_PAGE_BYTES = 4096
_CLEAR_PEAK = Path("/proc/self/clear_refs")


@dataclass(frozen=True)
class DeviceMemory:
    """Bytes of weights that stay on the device, and what else the process had when they were loaded.

    On a CPU the device is this process: weights that stay, and what it has grown by since they were loaded, which is
    activations, caches and layers on their way. Host memory of weights that only come for their turn does not count.
    `since` is when that began, on `time.monotonic`'s clock.
    """

    device: torch.device
    weights: int
    resident_before: int
    since: float

    @classmethod
    def of(cls, modules: Sequence[nn.Module], device: torch.device) -> DeviceMemory:
        """Begins to count, once the weights are loaded."""
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
        else:
            for module in modules:
                _touch(module)
            give_back_free_memory()  # what loading has left in the heap would hide what comes after it
            with suppress(OSError):  # no such file, or a container that forbids it: the peak is then that of loading
                _CLEAR_PEAK.write_text("5")
        return cls(device, device_bytes(modules), memory_of("VmRSS"), time.monotonic())

    @classmethod
    def together(cls, memories: Sequence[DeviceMemory]) -> DeviceMemory:
        """Of models that share a process and its device: all weights, and what came since the last were loaded."""
        last = max(memories, key=lambda memory: memory.since)
        return replace(last, weights=sum(memory.weights for memory in memories))

    def peak(self) -> int:
        """The most bytes at once so far."""
        if self.device.type == "cuda":
            return torch.cuda.max_memory_reserved(self.device)
        return self.weights + max(memory_of("VmHWM") - self.resident_before, 0)


def _touch(module: nn.Module) -> None:
    """Reads a number of each page, so that mapped weights do not count as grown when they are first computed with."""
    for parameter in module.parameters():
        if is_plain(parameter.data) and parameter.layout == torch.strided and parameter.is_contiguous():
            parameter.detach().view(-1)[:: _PAGE_BYTES // parameter.itemsize].sum()
