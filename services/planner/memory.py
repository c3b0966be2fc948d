"""How many rows of the cache a device has room for."""

from __future__ import annotations

import os
from pathlib import Path

import torch

MOST_ROWS = 32
_SHARE = 0.5
_CONTAINER_LIMIT = Path("/sys/fs/cgroup/memory.max")


def fitting_rows(bytes_per_row: int, device: torch.device) -> int:
    """Rows that take at most half of the memory that is free now; at least two, for one guided item."""
    free = torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else free_memory(_CONTAINER_LIMIT)
    return max(2, min(MOST_ROWS, int(free * _SHARE) // bytes_per_row))


def free_memory(container_limit: Path) -> int:
    """Free bytes of this machine, and no more than its container may take; the file holds a number or "max"."""
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limit = container_limit.read_text().strip() if container_limit.is_file() else "max"
    return min(free, int(limit)) if limit.isdigit() else free
