"""Memory of a process, as Linux counts it."""

from __future__ import annotations

from pathlib import Path


def memory_of(field: str, process: int | str = "self") -> int:
    """A count such as VmRSS or VmHWM in bytes; 0 where the system does not tell."""
    status = Path(f"/proc/{process}/status")
    for line in status.read_text().splitlines() if status.exists() else ():
        name, _, value = line.partition(":")
        if name == field:
            return int(value.split()[0]) * 1024
    return 0
