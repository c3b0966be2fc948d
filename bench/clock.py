"""Seconds that work takes on a device."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch


def synchronise(device: torch.device) -> None:
    """Waits until a device has done all that it was asked for."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def best_seconds(device: torch.device, work: Callable[[], object], repeats: int) -> float:
    """The shortest of some repeats, after one that warms up."""
    work()
    best = float("inf")
    for _ in range(repeats):
        synchronise(device)
        began = time.perf_counter()
        work()
        synchronise(device)
        best = min(best, time.perf_counter() - began)
    return best
