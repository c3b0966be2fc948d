"""Bytes per second that a device's memory moves."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

BUFFER_BYTES = 2**28
_REPEATS = 5


def copy_bandwidth(device: torch.device) -> float:
    """Bytes read and written per second by copying a large buffer; the best of some."""
    source = _buffer(device)
    target = torch.empty_like(source)
    return 2 * BUFFER_BYTES / _best_seconds(device, lambda: target.copy_(source))


def read_bandwidth(device: torch.device) -> float:
    """Bytes read per second by summing a large buffer; the best of some."""
    source = _buffer(device)
    return BUFFER_BYTES / _best_seconds(device, source.sum)


def synchronise(device: torch.device) -> None:
    """Waits until a device has done all that it was asked for."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _buffer(device: torch.device) -> torch.Tensor:
    return torch.ones(BUFFER_BYTES // 8, dtype=torch.int64, device=device)


def _best_seconds(device: torch.device, work: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(_REPEATS):
        synchronise(device)
        began = time.perf_counter()
        work()
        synchronise(device)
        best = min(best, time.perf_counter() - began)
    return best
