"""What the gateway's pipelines work with."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from gateway.artifacts import Artifact, ArtifactStore
from gateway.results import Progress
from gateway.stages import Stages
from quartet.planning import SongPlan


@dataclass(frozen=True)
class Tools:
    """What it takes to hear and to encode: `report` takes progress, `seconds_left` says how long all may still take."""

    stages: Stages
    artifacts: ArtifactStore
    report: Callable[[Progress], None]
    seconds_left: Callable[[], float]
    max_upload_seconds: float


@dataclass(frozen=True)
class JobTools(Tools):
    """What it takes to make a song: `keep` stores a finished file, `show_plan` takes the plan."""

    keep: Callable[[Path], Awaitable[Artifact]]
    show_plan: Callable[[SongPlan], None]


def allowed(seconds_left: float | None, most: float) -> float:
    """How many seconds work may take whose caller waits for so many; None waits for ever."""
    return most if seconds_left is None else min(seconds_left, most)


def countdown(seconds: float) -> Callable[[], float]:
    """How many seconds are left of some, at every call."""
    ends = time.monotonic() + seconds
    return lambda: max(ends - time.monotonic(), 0.0)
