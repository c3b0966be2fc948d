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
from collections.abc import AsyncIterator, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from bench.bandwidth import copy_bandwidth, read_bandwidth
from bench.generate import Generate
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
from serving.planning import CODES
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


ALONE = Case(1, guided=False)
CASES = tuple(Case(items, guided) for items in (1, 4, 16) for guided in (False, True))


def main() -> None:
    """Measures and prints markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", choices=tuple(PLANNERS), default="0.6B")
    parser.add_argument("--codes", type=int, default=32, help="codes of each item, at least 2")
    parser.add_argument("--rounds", type=int, default=3, help="turns of ours and theirs")
    parser.add_argument("--output", type=Path, help="also write the markdown to this file")
    arguments = parser.parse_args()
    name = f"acestep-5Hz-lm-{arguments.size}"
    if not (arguments.folder / name / "model.safetensors").exists():
        write_planner(arguments.folder / name, PLANNERS[arguments.size])
    markdown = asyncio.run(measure(arguments.folder, name, arguments.codes, arguments.rounds))
    print(markdown)
    if arguments.output:
        arguments.output.write_text(markdown + "\n", "utf-8")


@dataclass
class Rates:
    """What each round has measured: codes per second of ours and theirs, bytes per second of the memory."""

    ours: dict[Case, list[float]]
    theirs: dict[Case, list[float]]
    copied: list[float]
    read: list[float]


async def measure(models: Path, name: str, codes: int, rounds: int) -> str:
    """All cases as markdown."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    loaded = await loaded_apart(lambda: checkpoint.load(models, name, dtype=torch.bfloat16, device=device))
    generate = await loaded_apart(lambda: Generate(models / name, loaded.tokenizer.first_code, device))
    cache = KeyValueCache(loaded.model.config, ROWS, CONTEXT, dtype=torch.bfloat16, device=device)
    rates = Rates({case: [] for case in CASES}, {case: [] for case in CASES}, [], [])
    for _ in range(rounds):
        rates.copied.append(await loaded_apart(lambda: copy_bandwidth(device)))
        rates.read.append(await loaded_apart(lambda: read_bandwidth(device)))
        for case in CASES:
            tasks = [task_of(loaded, number, codes, guided=case.guided) for number in range(case.items)]
            async with _queue(loaded, cache) as queue:
                rates.ours[case].append(await _rate(queue, tasks))
            rates.theirs[case].append(await loaded_apart(functools.partial(generate.rate, tasks)))
    heading = f"{name}, {device.type}, bfloat16, {codes} codes for each item, {rounds} rounds, medians"
    seconds = 1 / statistics.median(rates.ours[ALONE])
    return "\n".join((heading, "", table(rates, read_bytes(loaded)), "", mask_cost(loaded, seconds)))


def table(rates: Rates, weights: int) -> str:
    """Markdown; `weights` are the bytes that a token reads."""
    copied, read = statistics.median(rates.copied), statistics.median(rates.read)
    floor, alone = copied / weights, statistics.median(rates.ours[ALONE])
    lines = [
        "| items | codes/s in all | × one item | of the floor | `generate` | × `generate` |",
        "|---|---|---|---|---|---|",
    ]
    for case in CASES:
        ours, theirs = statistics.median(rates.ours[case]), statistics.median(rates.theirs[case])
        ratio = statistics.median(
            mine / other for mine, other in zip(rates.ours[case], rates.theirs[case], strict=True)
        )
        share = f"{ours / floor:.0%}" if case.items == 1 else ""
        lines.append(f"| {case.name} | {ours:.1f} | {ours / alone:.1f} | {share} | {theirs:.1f} | {ratio:.1f} |")
    lines += [
        "",
        f"copy bandwidth {copied / 1e9:.1f} GB/s (read and written), read bandwidth {read / 1e9:.1f} GB/s, "
        f"weights for a token {weights / 1e9:.2f} GB, floor {floor:.1f} codes/s",
    ]
    return "\n".join(lines)


def read_bytes(loaded: LoadedPlanner) -> int:
    """Bytes of weights that an audio code needs."""
    config = loaded.model.config
    queries, keys = config.heads * config.head_dim, config.kv_heads * config.head_dim
    layer = config.width * (2 * queries + 2 * keys + 3 * config.hidden)
    return 2 * (config.layers * layer + CODES * config.width)


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

    return Script(2 if task.unconditional else 1, task.tokens, start)


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
