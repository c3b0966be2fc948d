"""How many cores a process may use: containers limit time, and stop all threads once it is used up."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path

_CONTROL_GROUPS, _MEMBERSHIP = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")


def usable_cores(control_groups: Path = _CONTROL_GROUPS, membership: Path = _MEMBERSHIP) -> int:
    """Cores that the process may run on, or as many as its control groups leave time of, rounded up."""
    affinity = getattr(os, "sched_getaffinity", None)  # Linux alone has it
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return math.ceil(min([float(cores), *_limits(control_groups, membership)]))


def _limits(control_groups: Path, membership: Path) -> Iterator[float]:
    """Cores' worth of time of each group that the process is in, by either version of Linux's interface."""
    try:
        memberships = [line.split(":", 2) for line in membership.read_text("utf-8").splitlines()]
    except OSError:
        return
    for _, controllers, path in memberships:
        if controllers and "cpu" not in controllers.split(","):
            continue
        tree = control_groups / "cpu" if controllers else control_groups
        # A container may see its own group as the root of the tree, under a path that is not there.
        group = tree / path.lstrip("/")
        for each in (group, *group.parents):
            if each.is_relative_to(tree) and (limit := _limit(each)):
                yield limit


def _limit(group: Path) -> float | None:
    """Microseconds of time in a period, over the period; None where there is no limit, or none that can be read."""
    try:
        if (both := group / "cpu.max").exists():
            time, period = both.read_text("utf-8").split()
        else:
            time, period = ((group / f"cpu.cfs_{name}_us").read_text("utf-8").strip() for name in ("quota", "period"))
        return int(time) / int(period) if time not in ("max", "-1") else None
    except (OSError, ValueError, ZeroDivisionError):
        return None
