"""How glibc keeps the memory that large blocks leave behind."""

from __future__ import annotations

import ctypes

_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_MESSAGES_KEPT = 4


def keep_buffers(largest_message: int) -> bool:
    """Serves blocks up to the size of a message from the heap, which keeps room for a few; false without glibc.

    A tensor is copied about ten times on its way through a process. In fresh mappings every copy faults in all of its
    pages, which took two thirds of the chain's own time.
    """
    return _set(_M_MMAP_THRESHOLD, largest_message) and _set(_M_TRIM_THRESHOLD, _MESSAGES_KEPT * largest_message)


def map_blocks_from(size: int) -> bool:
    """Gives every block of a size and more a mapping of its own, which goes when the block goes; false without glibc.

    For networks whose blocks are large and of many sizes: in the heap one seldom fits where another lay.
    """
    return _set(_M_MMAP_THRESHOLD, size)


def give_back_free_memory() -> None:
    """Returns what is free in the heap to the system, where that is glibc's."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _set(option: int, value: int) -> bool:
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and mallopt(option, value) == 1
