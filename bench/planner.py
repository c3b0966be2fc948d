"""`python -m bench.planner FOLDER`: audio codes per second of the planner, beside transformers' `generate`.

Writes a random planner of full size into the folder unless it is there. Both run in this process, in bfloat16, in
turns, with the same weights, prompts and lengths: ours through its queue and engine, transformers with a static cache,
each on a thread that ends with its turn, so that neither's workers are in the other's way. The floor is the time in
which the memory reads the weights that a token needs once: layers and the 64,000 rows of the head.
Prints a table, the cost of grammar masks, and how much of the floor's speed one item reaches.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import statistics
import time
from collections.abc import AsyncIterator, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from bench.bandwidth import copy_bandwidth, read_bandwidth
from bench.generate import Generate
from bench.report import add_output, publish
from services.planner import checkpoint
from services.planner.cache import KeyValueCache
from services.planner.checkpoint import LoadedPlanner
from services.planner.engine import PlannerEngine
from services.planner.grammar import Field, Grammar
from services.planner.prompts import PromptForm, Prompts
from services.planner.sampling import TokenSampling
from services.planner.tasks import CodesTask, Script, Task
from services.planner.thought import Thought
from services.planner.writing import Writer
from services.runtime.batching import BatchQueue
from services.runtime.loading import loaded_apart
from serving.telemetry import Telemetry
from training.model_configs import PLANNERS
from training.random_checkpoint import write_planner

ROWS = 32
CONTEXT = 2048
THOUGHT = Thought(
    bpm=92,
    caption="warm lo-fi hip hop with soft piano chords, a round bass and the crackle of vinyl",
    duration=60,
    keyscale="A minor",
    language="en",
    timesignature="4",
)
LYRICS = "[Verse]\nthe morning train is late again\n[Chorus]\nand no one minds the rain\n"


@dataclass(frozen=True)
class Case:
    """Items at a time, with or without guidance."""

    items: int
    guided: bool

    @property
    def name(self) -> str:
        """As in the table."""
        return f"{self.items}, {'guided' if self.guided else 'plain'}"


ITEMS = (1, 4, 16)
CASES = tuple(Case(items, guided) for items in ITEMS for guided in (False, True))


def main() -> None:
    """Measures and prints markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", choices=tuple(PLANNERS), default="0.6B")
    parser.add_argument("--codes", type=int, default=32, help="codes of each item, at least 2")
    parser.add_argument("--rounds", type=int, default=3, help="turns of ours and theirs")
    parser.add_argument("--items", type=int, nargs="+", choices=ITEMS, default=ITEMS, help="how many at a time")
    add_output(parser)
    arguments = parser.parse_args()
    name = f"acestep-5Hz-lm-{arguments.size}"
    if not (arguments.folder / name / "model.safetensors").exists():
        write_planner(arguments.folder / name, PLANNERS[arguments.size])
    markdown = asyncio.run(measure(arguments.folder, name, arguments.codes, arguments.rounds, arguments.items))
    publish("planner", markdown, (), arguments.output)


@dataclass
class Rates:
    """What each round has measured, one after the other: bytes per second of the memory, codes per second.

    What is compared is compared within a round, because the speed of shared machines changes from minute to minute.
    """

    copied: list[float] = field(default_factory=list)
    read: list[float] = field(default_factory=list)
    ours: list[float] = field(default_factory=list)
    theirs: list[float] = field(default_factory=list)


async def measure(models: Path, name: str, codes: int, rounds: int, items: Sequence[int] = ITEMS) -> str:
    """All cases as markdown."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    loaded = await loaded_apart(lambda: checkpoint.load(models, name, dtype=torch.bfloat16, device=device))
    generate = await loaded_apart(lambda: Generate(models / name, loaded.tokenizer.audio_codes, device))
    cache = KeyValueCache(loaded.model.config, ROWS, CONTEXT, dtype=torch.bfloat16, device=device)
    measured = {case: Rates() for case in CASES if case.items in items}
    for _ in range(rounds):
        for case, rates in measured.items():
            rates.copied.append(await loaded_apart(lambda: copy_bandwidth(device)))
            rates.read.append(await loaded_apart(lambda: read_bandwidth(device)))
            tasks = [task_of(loaded, number, codes, guided=case.guided) for number in range(case.items)]
            async with _queue(loaded, cache) as queue:
                rates.ours.append(await _rate(queue, tasks))
            rates.theirs.append(await loaded_apart(functools.partial(generate.rate, tasks)))
    heading = f"{name}, {device.type}, bfloat16, {codes} codes for each item, {rounds} rounds, medians"
    one = next(iter(measured))
    seconds = one.items / statistics.median(measured[one].ours)
    return "\n".join((heading, "", table(measured, read_bytes(loaded)), "", mask_cost(loaded, seconds)))


def table(measured: Mapping[Case, Rates], weights: int) -> str:
    """Markdown; `weights` are the bytes that a token reads. The first case is what the others are set against."""
    first = next(iter(measured.values()))
    lines = [
        "| items | codes/s in all | × first row | `generate` | × `generate` | copy GB/s | read GB/s | of the floor |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for case, rates in measured.items():
        ours, theirs = statistics.median(rates.ours), statistics.median(rates.theirs)
        copied, read = (statistics.median(values) / 1e9 for values in (rates.copied, rates.read))
        gain, ratio = _ratio(rates.ours, first.ours), _ratio(rates.ours, rates.theirs)
        share = f"{_ratio(rates.ours, rates.copied) * weights:.0%}" if case.items == 1 else ""
        cells = (f"{ours:.1f}", f"{gain:.1f}", f"{theirs:.1f}", f"{ratio:.1f}", f"{copied:.0f}", f"{read:.0f}", share)
        lines.append(f"| {case.name} | {' | '.join(cells)} |")
    lines += [
        "",
        f"A token reads {weights / 1e9:.2f} GB of weights. The floor is the rate at which they come at the speed of a "
        "copy (bytes read and written), measured before each turn.",
    ]
    return "\n".join(lines)


def _ratio(values: Sequence[float], others: Sequence[float]) -> float:
    return statistics.median(value / other for value, other in zip(values, others, strict=True))


def read_bytes(loaded: LoadedPlanner) -> int:
    """Bytes of weights that an audio code needs."""
    config = loaded.model.config
    queries, keys = config.heads * config.head_dim, config.kv_heads * config.head_dim
    layer = config.width * (2 * queries + 2 * keys + 3 * config.hidden)
    return 2 * (config.layers * layer + len(loaded.tokenizer.audio_codes) * config.width)


def task_of(loaded: LoadedPlanner, number: int, codes: int, *, guided: bool) -> CodesTask:
    """A song of its own."""
    prompts, caption = Prompts(loaded.tokenizer), f"lo-fi piano, take {number}"
    return CodesTask(
        prompts.codes(caption, LYRICS, THOUGHT, PromptForm.ALIGNED),
        prompts.unconditional(caption, LYRICS, "", PromptForm.ALIGNED) if guided else None,
        2.0,
        codes,
        TokenSampling(seed=number),
    )


async def _rate(queue: BatchQueue[Script], tasks: Sequence[CodesTask]) -> float:
    """Codes per second of all items together, their prompts being in the cache."""
    first = [replace(task, count=1) for task in tasks]
    await asyncio.gather(*(queue.run(_script(task), cost=1, seconds_left=None) for task in first))
    began = time.perf_counter()
    await asyncio.gather(*(queue.run(_script(task), cost=1, seconds_left=None) for task in tasks))
    return sum(task.count for task in tasks) / (time.perf_counter() - began)


def _script(task: CodesTask) -> Script:
    def start(emit: object) -> Generator[Task, Any, list[int]]:
        codes: list[int] = yield task
        return codes

    return Script(2 if task.unconditional else 1, task.tokens, task.count, start)


@asynccontextmanager
async def _queue(loaded: LoadedPlanner, cache: KeyValueCache) -> AsyncIterator[BatchQueue[Script]]:
    engine = PlannerEngine(loaded.model, loaded.tokenizer, cache, prefill_tokens=512, deterministic=False)
    queue = BatchQueue("planner", engine, Telemetry.off(), max_queued_items=64, max_queued_cost=1e9)
    try:
        async with queue:
            yield queue
    finally:
        engine.close()


def mask_cost(loaded: LoadedPlanner, seconds_per_token: float) -> str:
    """Mean time of a grammar mask over some think blocks of tokens drawn at random from what is allowed."""
    generator = torch.Generator().manual_seed(0)
    spent = []
    with ThreadPoolExecutor(1) as masks:
        for _ in range(3):
            writer = Writer(loaded.tokenizer, Grammar(tuple(Field), 600, lyrics=True), 100, masks)
            while writer.finish is None:
                began = time.perf_counter()
                allowed = torch.from_numpy(writer.mask())
                spent.append(time.perf_counter() - began)
                choices = allowed.nonzero()[:, 0]
                writer.accept(int(choices[torch.randint(len(choices), (), generator=generator)]))
    mean = statistics.mean(spent)
    return (
        f"grammar mask: mean {mean * 1e3:.2f} ms, median {statistics.median(spent) * 1e3:.2f} ms, "
        f"largest {max(spent) * 1e3:.1f} ms over {len(spent)} tokens; mean {mean / seconds_per_token:.1%} of a token"
    )


if __name__ == "__main__":
    main()
