"""Work of ours beside the same work of diffusers', in turns in one process, as rows of a table."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import torch

from bench.clock import best_seconds
from services.runtime.loading import loaded_apart


@dataclass
class Case:
    """Work of both sides, its operations, and the roof: what the machine reaches in FLOP/s when it is asked."""

    name: str
    ours: Callable[[], object]
    theirs: Callable[[], object] | None
    operations: float
    roof: Callable[[], float]
    our_seconds: list[float] = field(default_factory=list)
    their_seconds: list[float] = field(default_factory=list)
    roofs: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Row:
    """Medians over rounds; the ratio and the share are medians of what each round gave, as machines change their pace.

    `theirs` and `ratio` are None where ours ran alone.
    """

    name: str
    ours: float
    theirs: float | None
    ratio: float | None
    rate: float
    roof: float
    share: float


async def compare(cases: Sequence[Case], device: torch.device, *, rounds: int, repeats: int) -> list[Row]:
    """Runs roof, ours and theirs in turns, each on a thread that ends with its turn, the best of some repeats."""
    for _ in range(rounds):
        for case in cases:
            case.roofs.append(await loaded_apart(case.roof))
            case.our_seconds.append(await loaded_apart(partial(best_seconds, device, case.ours, repeats)))
            if case.theirs:
                case.their_seconds.append(await loaded_apart(partial(best_seconds, device, case.theirs, repeats)))
    return [_row(case) for case in cases]


def table(rows: Sequence[Row]) -> str:
    """Markdown."""
    lines = [
        "| | ours, s | diffusers, s | × diffusers | GFLOP/s | roof, GFLOP/s | of the roof |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        theirs = ("", "") if row.theirs is None or row.ratio is None else (f"{row.theirs:.2f}", f"{row.ratio:.1f}")
        cells = (f"{row.ours:.2f}", *theirs, f"{row.rate / 1e9:.0f}", f"{row.roof / 1e9:.0f}", f"{row.share:.0%}")
        lines.append(f"| {row.name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _row(case: Case) -> Row:
    ours, roof = statistics.median(case.our_seconds), statistics.median(case.roofs)
    shares = (case.operations / a / b for a, b in zip(case.our_seconds, case.roofs, strict=True))
    compared = case.theirs is not None
    return Row(
        name=case.name,
        ours=ours,
        theirs=statistics.median(case.their_seconds) if compared else None,
        ratio=statistics.median(b / a for a, b in zip(case.our_seconds, case.their_seconds, strict=True))
        if compared
        else None,
        rate=case.operations / ours,
        roof=roof,
        share=statistics.median(shares),
    )
