"""Memory of this process, as Linux counts it."""

from __future__ import annotations

from services.runtime.process_memory import memory_of


def resident() -> int:
    """Bytes in memory now."""
    return memory_of("VmRSS")


def peak() -> int:
    """The most bytes that were in memory at once."""
    return memory_of("VmHWM")
