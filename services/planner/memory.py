"""How many rows of the cache a device has room for."""

from __future__ import annotations

import os

import torch

MOST_ROWS = 32
_SHARE = 0.5


def fitting_rows(bytes_per_row: int, device: torch.device) -> int:
    """Rows that take at most half of the memory that is free now; at least two, for one guided item."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
    else:
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return max(2, min(MOST_ROWS, int(free * _SHARE) // bytes_per_row))
