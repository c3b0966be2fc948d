"""How glibc keeps the memory that messages leave behind."""

from __future__ import annotations

import ctypes

_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_MESSAGES_KEPT = 4


def keep_buffers(largest_message: int) -> bool:
    """Serves blocks up to the size of a message from the heap, which keeps room for a few; false without glibc.

    A tensor is copied about ten times on its way through a process. In fresh mappings every copy faults in all of its
    pages, which took two thirds of the chain's own time. Larger blocks, such as a network's, come and go as mappings.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    settings = ((_M_MMAP_THRESHOLD, largest_message), (_M_TRIM_THRESHOLD, _MESSAGES_KEPT * largest_message))
    return all(mallopt(option, size) == 1 for option, size in settings)
