"""`python -m bench.overhead FOLDER`: what the chain takes by itself.

Songs through a gateway and stages whose networks answer at once with tensors of the real sizes: messages, queues,
tensors, the job's state on disk and the finished file on its way to the client. Encoding that file is left out.
The folder is that of a model family; only its tokenizer is read.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.report import add_output, publish
from quartet import AudioFormat, Client, SongSpec
from quartet.events import Record
from tests.support.processes import running

STAGES = ("encoder", "dit", "vae")
LENGTHS = (10, 30, 120)
# With a tokenizer of bytes, about 500 tokens.
LYRICS = "[Verse]\n" + "a river of rooftops\n" * 23


@dataclass(frozen=True)
class Overhead:
    """Seconds of the chain by itself, for songs of one length.

    `core_seconds` are what the cores did for a song, the encoding of its file and the client included. They depend less
    on what else a machine does.
    """

    length: int
    median: float
    worst: float
    core_seconds: float


@dataclass(frozen=True)
class NullChain:
    """A chain before null stages that is ready."""

    address: str
    processes: tuple[psutil.Process, ...]

    def core_seconds(self) -> float:
        """CPU time so far of its processes and of this one, the client."""
        return sum(times.user + times.system for times in (process.cpu_times() for process in self.processes))


def main() -> None:
    """Measures and prints markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--songs", type=int, default=50, help="songs of each length")
    add_output(parser)
    arguments = parser.parse_args()
    rows = measure(arguments.folder, LENGTHS, arguments.songs)
    publish("overhead", table(rows), rows, arguments.output)


def measure(models: Path, lengths: Sequence[int], songs: int) -> list[Overhead]:
    """One song after the other, after one that warms up."""
    measured = []
    with null_chain(models) as chain, Client(chain.address, timeout=60) as client:
        for length in lengths:
            overhead_of(client, length, 0)
            began = chain.core_seconds()
            seconds = [overhead_of(client, length, seed) for seed in range(1, songs + 1)]
            core_seconds = (chain.core_seconds() - began) / songs
            measured.append(Overhead(length, statistics.median(seconds), max(seconds), core_seconds))
    return measured


def table(rows: Sequence[Overhead]) -> str:
    """Markdown."""
    lines = ["| song | p50 | worst | cores |", "|---|---|---|---|"]
    for row in rows:
        times = (row.median, row.worst, row.core_seconds)
        lines.append(f"| {row.length} s | {' | '.join(f'{seconds * 1e3:.1f} ms' for seconds in times)} |")
    return "\n".join(lines)


def overhead_of(client: Client, length: int, seed: int) -> float:
    """Wall time of a song, less what its stages computed and what its file took to encode."""
    # A caption of its own each time, so that no condition comes from a cache.
    spec = SongSpec(
        f"warm indie folk {seed}", lyrics=LYRICS, duration=float(length), seeds=(seed,), format=AudioFormat.WAV32F
    )
    began = time.perf_counter()
    record = client.generate(spec).record
    return time.perf_counter() - began - computed(record)


def computed(record: Record) -> float:
    """Seconds that a song of one item spent in networks and in encoding its file."""
    return sum(timing.compute for timing in record.timings)


@contextmanager
def null_chain(models: Path) -> Iterator[NullChain]:
    """A gateway before null stages."""
    with ExitStack() as stack:
        data = stack.enter_context(tempfile.TemporaryDirectory(prefix="quartet-bench-"))
        flags = ["--port", "0", "--data", data]
        servers = []
        for stage in STAGES:
            servers.append(stack.enter_context(running("bench.null_stages", "--models", str(models), stage)))
            flags += [f"--{stage}", servers[-1].address]
        servers.append(stack.enter_context(running("gateway", *flags)))
        processes = [psutil.Process(), *(psutil.Process(server.process.pid) for server in servers)]
        yield NullChain(servers[-1].address, tuple(processes))


if __name__ == "__main__":
    main()
