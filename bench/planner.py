"""`python -m bench.planner FOLDER`: audio codes per second of the planner, beside transformers' `generate`.

Writes a random planner of full size into the folder unless it is there. Both run in this process, in bfloat16, in
turns, with the same weights, prompts and lengths: ours through its queue and engine, transformers with a static cache
and our order of sampling, each on a thread of its own that ends, so that neither's workers are in the other's way. The
floor is the time in which the memory reads the weights that a token needs once: layers and the 64,000 rows of the head.
Prints a table, the cost of grammar masks, and how much of the floor's speed one item reaches.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import LogitsProcessor, LogitsProcessorList, Qwen3ForCausalLM
from transformers.generation.logits_process import TemperatureLogitsWarper, TopPLogitsWarper

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


CASES = tuple(Case(items, guided) for items in (1, 4, 16) for guided in (False, True))


def main() -> None:
    """Measures and prints markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", choices=tuple(PLANNERS), default="0.6B")
    parser.add_argument("--codes", type=int, default=32, help="codes of each item")
    parser.add_argument("--rounds", type=int, default=3, help="turns of ours and theirs")
    arguments = parser.parse_args()
    name = f"acestep-5Hz-lm-{arguments.size}"
    if not (arguments.folder / name / "model.safetensors").exists():
        write_planner(arguments.folder / name, PLANNERS[arguments.size])
    print(asyncio.run(measure(arguments.folder, name, arguments.codes, arguments.rounds)))


async def measure(models: Path, name: str, codes: int, rounds: int) -> str:
    """All cases as a markdown table."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    loaded = await loaded_apart(lambda: checkpoint.load(models, name, dtype=torch.bfloat16, device=device))
    bandwidth = await loaded_apart(lambda: copy_bandwidth(device))
    weights = read_bytes(loaded)
    theirs = await loaded_apart(lambda: Reference(models / name, device))
    theirs_task = task_of(loaded, 0, codes, guided=False)
    ours: dict[Case, list[float]] = {case: [] for case in CASES}
    generate: list[float] = []
    async with _queue(loaded, device) as queue:
        for _ in range(rounds):
            for case in CASES:
                ours[case].append(await _rate(queue, loaded, case, codes))
            generate.append(await loaded_apart(lambda: theirs.rate(theirs_task)))
    floor = bandwidth / weights
    lines = [
        f"{name}, {device.type}, bfloat16, {codes} codes for each item, {rounds} rounds, medians",
        "",
        "| items | codes/s in all | × one item | × `generate` | of the floor |",
        "|---|---|---|---|---|",
    ]
    rates = {case: statistics.median(values) for case, values in ours.items()}
    one, reference = rates[Case(1, guided=False)], statistics.median(generate)
    for case, rate in rates.items():
        share = f"{rate / floor:.0%}" if case.items == 1 else ""
        lines.append(f"| {case.name} | {rate:.1f} | {rate / one:.1f} | {rate / reference:.1f} | {share} |")
    lines += [
        f"| 1, plain, `generate` | {reference:.1f} | | 1.0 | {reference / floor:.0%} |",
        "",
        f"copy bandwidth {bandwidth / 1e9:.1f} GB/s (read and written), weights for a token {weights / 1e9:.2f} GB, "
        f"floor {floor:.1f} codes/s",
        mask_cost(loaded, 1 / one),
    ]
    return "\n".join(lines)


def copy_bandwidth(device: torch.device) -> float:
    """Bytes read and written per second by copying a large buffer; the best of some."""
    source = torch.empty(2**28, dtype=torch.uint8, device=device).random_(0, 255)
    target = torch.empty_like(source)
    best = float("inf")
    for _ in range(5):
        _synchronise(device)
        began = time.perf_counter()
        target.copy_(source)
        _synchronise(device)
        best = min(best, time.perf_counter() - began)
    return 2 * source.nbytes / best


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


async def _rate(queue: BatchQueue[Script], loaded: LoadedPlanner, case: Case, codes: int) -> float:
    """Codes per second of all items together, their prompts being in the cache."""
    tasks = [task_of(loaded, number, codes, guided=case.guided) for number in range(case.items)]
    first = [task_of(loaded, number, 1, guided=case.guided) for number in range(case.items)]
    await asyncio.gather(*(queue.run(_script(task), cost=1, seconds_left=None) for task in first))
    began = time.perf_counter()
    await asyncio.gather(*(queue.run(_script(task), cost=1, seconds_left=None) for task in tasks))
    return case.items * codes / (time.perf_counter() - began)


def _script(task: CodesTask) -> Script:
    def start(emit: object) -> Generator[Task, Any, list[int]]:
        codes: list[int] = yield task
        return codes

    return Script(2 if task.unconditional else 1, task.tokens, start)


@asynccontextmanager
async def _queue(loaded: LoadedPlanner, device: torch.device) -> AsyncIterator[BatchQueue[Script]]:
    cache = KeyValueCache(loaded.model.config, ROWS, CONTEXT, dtype=torch.bfloat16, device=device)
    engine = PlannerEngine(loaded.model, loaded.tokenizer, cache, prefill_tokens=512, deterministic=False)
    queue = BatchQueue("planner", engine, Telemetry.off(), max_queued_items=64, max_queued_cost=1e9)
    async with queue:
        yield queue
    engine.close()


class Reference:
    """transformers' `generate` with a static cache."""

    def __init__(self, folder: Path, device: torch.device) -> None:
        self._device = device
        model: Any = Qwen3ForCausalLM.from_pretrained(folder, dtype=torch.bfloat16)
        self._model = model.to(device)

    def rate(self, task: CodesTask) -> float:
        """Codes per second of one item: the time of all codes less that of the first, which holds the prefill."""
        seconds = [self._seconds(task, count) for count in (1, task.count)]
        return (task.count - 1) / (seconds[1] - seconds[0])

    def _seconds(self, task: CodesTask, count: int) -> float:
        ids = torch.tensor([task.prompt], device=self._device)
        processors = LogitsProcessorList(
            [_OnlyCodes(self._model.config.vocab_size), TemperatureLogitsWarper(0.85), TopPLogitsWarper(0.9)]
        )
        _synchronise(self._device)
        began = time.perf_counter()
        with torch.inference_mode():
            self._model.generate(
                ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=count,
                min_new_tokens=count,
                do_sample=True,
                top_k=0,
                cache_implementation="static",
                disable_compile=True,
                pad_token_id=0,
                logits_processor=processors,
            )
        _synchronise(self._device)
        return time.perf_counter() - began


class _OnlyCodes(LogitsProcessor):
    def __init__(self, vocabulary: int) -> None:
        self._first = vocabulary - 65_535

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        allowed = torch.full_like(scores, -torch.inf)
        allowed[:, self._first : self._first + CODES] = scores[:, self._first : self._first + CODES]
        return allowed  # type: ignore[return-value]


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


def _synchronise(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


if __name__ == "__main__":
    main()
