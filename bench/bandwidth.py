"""Bytes per second that a device's memory moves."""

from __future__ import annotations

import torch

from bench.clock import best_seconds

BUFFER_BYTES = 2**28
_REPEATS = 5


def copy_bandwidth(device: torch.device) -> float:
    """Bytes read and written per second by copying a large buffer; the best of some."""
    source = _buffer(device)
    target = torch.empty_like(source)
    return 2 * BUFFER_BYTES / best_seconds(device, lambda: target.copy_(source), _REPEATS)


def read_bandwidth(device: torch.device) -> float:
    """Bytes read per second by summing a large buffer; the best of some."""
    source = _buffer(device)
    return BUFFER_BYTES / best_seconds(device, source.sum, _REPEATS)


def _buffer(device: torch.device) -> torch.Tensor:
    return torch.ones(BUFFER_BYTES // 8, dtype=torch.int64, device=device)
