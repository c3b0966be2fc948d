"""What is written down while a song is made: timings, weights, warnings."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from gateway.calls import Report
from gateway.results import ItemResult, ModelUsed, SongResult, Timing
from quartet.planning import SongPlan

STAGES = ("plan", "source", "reference", "encode", "sample", "decode", "write", "check")


@dataclass
class Timed:
    """One stage call of one item, as it is going on."""

    models: dict[str, ModelUsed]
    report: Report | None = None
    own_compute_ns: int = 0

    @contextmanager
    def computing(self) -> Iterator[None]:
        """Around what the gateway itself computes: the encoding of a file."""
        began = time.monotonic_ns()
        yield
        self.own_compute_ns += time.monotonic_ns() - began

    def take(self, report: Report, stage: str) -> None:
        """Notes how the call went and which weights it used."""
        self.report = report
        self.models[stage] = report.model


@dataclass
class Notes:
    """What is written down while a song is made."""

    started_ns: int = field(default_factory=time.monotonic_ns)
    timings: list[Timing] = field(default_factory=list)
    models: dict[str, ModelUsed] = field(default_factory=dict)
    warnings: dict[str, None] = field(default_factory=dict)

    @contextmanager
    def timed(self, stage: str, item: int = 0) -> Iterator[Timed]:
        """Around the work of one stage for one item."""
        began = time.monotonic_ns()
        timed = Timed(self.models)
        yield timed
        self.timings.append(
            Timing(
                stage=stage,
                item=item,
                start_ns=began - self.started_ns,
                total_ns=time.monotonic_ns() - began,
                queue_ns=timed.report.queue_ns if timed.report else 0,
                compute_ns=timed.report.compute_ns if timed.report else timed.own_compute_ns,
            )
        )

    def warn(self, *warnings: str) -> None:
        """Notes warnings, each of them once."""
        self.warnings.update(dict.fromkeys(warnings))

    def result(self, plan: SongPlan, items: tuple[ItemResult, ...]) -> SongResult:
        """The result of the job."""
        ordered = sorted(self.timings, key=lambda timing: (STAGES.index(timing.stage), timing.item))
        total_ns = time.monotonic_ns() - self.started_ns
        return SongResult(items, tuple(ordered), total_ns, self.models, tuple(self.warnings), plan)
