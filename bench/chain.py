"""`python -m bench.chain FOLDER`: songs through gRPC, from the words to the file, beside diffusers' pipeline.

Writes a random family of full size into the folder unless it is there. `quartet up` serves it without a planner;
diffusers' pipeline runs in this process; both make the same songs in turns, in bfloat16, in 8 steps. Then a mixed load:
one long song and some short ones at once against one after another. Costs count the core-seconds of all processes.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from bench import references
from bench.overhead import computed
from bench.report import add_output, publish
from bench.servers import Running, up
from quartet import AudioFormat, Client, SongSpec
from quartet.events import Record

CAPTION = "warm indie folk, fingerpicked acoustic guitar, close vocals, rain on a tin roof, slow and hopeful"
LYRICS = "[Verse]\n" + "a river of rooftops\n" * 23
CORE_HOUR = 0.04
LONG, SHORT, SHORT_SONGS = 60, 10, 4


@dataclass(frozen=True)
class EndToEnd:
    """Songs of one length: wall seconds of both, and of ours what the chain added and what the cores did."""

    length: int
    ours: float
    theirs: float | None
    ratio: float | None
    overhead: float
    core_seconds: float
    by_stage: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Mixed:
    """Wall seconds of one long song and some short ones: at once, and the sum of each alone; of a short one in both."""

    together: float
    alone: float
    short_together: float
    short_alone: float


def main() -> None:
    """Measures and prints markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=2, help="turns of ours and theirs")
    parser.add_argument("--seconds", type=int, nargs="+", default=[30], help="lengths of the songs")
    parser.add_argument("--beside", type=int, default=60, help="longest song that diffusers makes too, in seconds")
    parser.add_argument("--no-mixed", action="store_true", help="leave the mixed load out")
    parser.add_argument("--core-hour", type=float, default=CORE_HOUR, help="price of an hour of a core")
    add_output(parser)
    arguments = parser.parse_args()
    references.write_where_absent(arguments.folder)
    with up(arguments.folder, "--dtype", "bfloat16") as chain, Client(chain.address, timeout=None) as client:
        rows = compare(client, chain, arguments.folder, arguments.rounds, arguments.seconds, arguments.beside)
        parts = [table(rows, arguments.core_hour)]
        if not arguments.no_mixed:
            parts.append(mixed_text(mixed(client, LONG, SHORT, SHORT_SONGS)))
        peaks = ", ".join(f"{name} {size / 2**20:,.0f} MiB" for name, size in sorted(chain.peaks().items()))
        parts.append(f"Peak memory: {peaks}.")
        publish("chain", "\n\n".join(parts), rows, arguments.output)


def compare(
    client: Client, chain: Running, models: Path, rounds: int, lengths: Sequence[int], beside: int
) -> list[EndToEnd]:
    """Songs of all lengths; diffusers' too up to `beside` seconds. One of each warms up and does not count."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    pipeline = references.pipeline(models, device) if beside >= min(lengths) else None
    _ours(client, min(lengths), 0)
    if pipeline is not None:
        _theirs(pipeline, min(lengths), 0)
    rows = []
    for length in lengths:
        ours: list[tuple[float, Record]] = []
        theirs: list[float] = []
        cores = 0.0
        for number in range(1, rounds + 1):
            began = chain.core_seconds()
            ours.append(_ours(client, length, number))
            cores += chain.core_seconds() - began
            if pipeline is not None and length <= beside:
                theirs.append(_theirs(pipeline, length, number))
        rows.append(_row(length, ours, theirs, cores / rounds))
    return rows


def mixed(client: Client, long: int, short: int, songs: int) -> Mixed:
    """One long song and some short ones at once, then one of each alone."""

    def timed(length: int, seed: int) -> float:
        return _ours(client, length, seed)[0]

    began = time.perf_counter()
    with ThreadPoolExecutor(songs + 1) as pool:
        first = pool.submit(timed, long, 100)
        others = [pool.submit(timed, short, 101 + number) for number in range(songs)]
        seconds = [other.result() for other in others]
        first.result()
    together = time.perf_counter() - began
    long_alone, short_alone = timed(long, 200), timed(short, 201)
    return Mixed(together, long_alone + songs * short_alone, statistics.median(seconds), short_alone)


def table(rows: Sequence[EndToEnd], core_hour: float) -> str:
    """Markdown."""
    lines = [
        "| song | ours, s | × real time | diffusers, s | × diffusers | overhead of the chain | core-seconds | cost |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        theirs = ("", "") if row.theirs is None or row.ratio is None else (f"{row.theirs:.1f}", f"{row.ratio:.2f}")
        cells = (f"{row.ours:.1f}", f"{row.length / row.ours:.2f}", *theirs)
        overhead = f"{row.overhead * 1e3:.0f} ms, {row.overhead / row.ours:.2%}"
        cost = row.core_seconds / 3600 * core_hour
        lines.append(f"| {row.length} s | {' | '.join(cells)} | {overhead} | {row.core_seconds:.0f} | ${cost:.5f} |")
    lines.append("")
    for row in rows:
        stages = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in row.by_stage.items())
        lines.append(f"{row.length} s: {stages}.")
    return "\n".join(lines)


def mixed_text(measured: Mixed) -> str:
    """A sentence."""
    return (
        f"One song of {LONG} s and {SHORT_SONGS} of {SHORT} s at once take {measured.together:.0f} s, one after "
        f"another {measured.alone:.0f} s. A short one takes {measured.short_together:.0f} s among them, "
        f"{measured.short_alone:.0f} s alone."
    )


def _row(length: int, ours: list[tuple[float, Record]], theirs: list[float], core_seconds: float) -> EndToEnd:
    walls = [wall for wall, _ in ours]
    by_stage: dict[str, float] = {}
    for timing in ours[-1][1].timings:
        by_stage[timing.stage] = by_stage.get(timing.stage, 0.0) + (timing.compute or timing.total)
    return EndToEnd(
        length=length,
        ours=statistics.median(walls),
        theirs=statistics.median(theirs) if theirs else None,
        ratio=statistics.median(b / a for a, b in zip(walls, theirs, strict=True)) if theirs else None,
        overhead=statistics.median(wall - computed(record) for wall, record in ours),
        core_seconds=core_seconds,
        by_stage=by_stage,
    )


def _ours(client: Client, length: int, seed: int) -> tuple[float, Record]:
    # Words of its own, so that no condition comes from a cache.
    spec = SongSpec(
        f"{CAPTION} {seed}", lyrics=LYRICS, duration=float(length), seeds=(seed,), format=AudioFormat.WAV32F
    )
    began = time.perf_counter()
    record = client.generate(spec).record
    return time.perf_counter() - began, record


def _theirs(pipeline: Any, length: int, seed: int) -> float:
    began = time.perf_counter()
    pipeline(
        prompt=f"{CAPTION} {seed}",
        lyrics=LYRICS,
        audio_duration=float(length),
        num_inference_steps=8,
        shift=3.0,
        generator=torch.Generator().manual_seed(seed),
    )
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
