"""What the gateway's pipelines work with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from gateway.artifacts import Artifact, ArtifactStore
from gateway.results import Progress
from gateway.stages import Stages
from quartet.planning import SongPlan


@dataclass(frozen=True)
class Tools:
    """What a pipeline works with.

    `keep` stores a finished file, `report` takes progress and `show_plan` the plan, `seconds_left` says how long the
    job may still take.
    """

    stages: Stages
    artifacts: ArtifactStore
    keep: Callable[[Path], Awaitable[Artifact]]
    report: Callable[[Progress], None]
    show_plan: Callable[[SongPlan], None]
    seconds_left: Callable[[], float]
    max_upload_seconds: float
