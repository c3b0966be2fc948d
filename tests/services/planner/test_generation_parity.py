"""The engine writes what transformers' own `generate` writes, alone and among others that join and leave."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from typing import Any

import numpy as np
import pytest
import torch
from transformers import LogitsProcessor, LogitsProcessorList

from services.planner.attention import Packing
from services.planner.cache import KeyValueCache, Segment
from services.planner.checkpoint import LoadedPlanner
from services.planner.prompts import PromptForm, Prompts
from services.planner.sampling import TokenSampling
from services.planner.tasks import CodesTask, Script, Task
from services.planner.thought import Thought
from services.runtime.noise import Purpose, uniform
from tests.services.planner.conftest import CPU, planner_queue, results
from tests.support.waiting import until

THOUGHT = Thought(bpm=96, duration=12, keyscale="A minor", language="en", timesignature="3")


class ReferenceSampling(LogitsProcessor):
    """Guidance, mask, and the draw written out; leaves the one token that it gives."""

    def __init__(self, model: Any, task: CodesTask, codes: range) -> None:
        self._model = model
        self._task = task
        self._codes = codes
        self._uniform = uniform(task.sampling.seed, Purpose.AUDIO_CODES, task.count).numpy()

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        task, done = self._task, input_ids.shape[1] - len(self._task.prompt)
        logits = scores[0, self._codes.start : self._codes.stop]
        if task.unconditional is not None:
            ids = torch.tensor([[*task.unconditional, *input_ids[0, len(task.prompt) :].tolist()]])
            other = self._model(ids).logits[0, -1, self._codes.start : self._codes.stop]
            logits = other + task.guidance_scale * (logits - other)
        return only(self._codes.start + picked(logits, task.sampling, float(self._uniform[done])), scores)


def picked(scores: torch.Tensor, wish: TokenSampling, number: float) -> int:
    """Temperature, top-k, top-p over scores [tokens], by sorting; then what the uniform number picks."""
    logits = scores.double().numpy()
    if wish.temperature == 0:
        return int(logits.argmax())
    weights = np.exp((logits - logits.max()) / wish.temperature)
    order = np.argsort(-weights, kind="stable")
    if wish.top_k:
        weights[order[wish.top_k :]] = 0
    if wish.top_p < 1:
        sums = np.cumsum(weights[order])
        weights[order[np.searchsorted(sums, wish.top_p * sums[-1]) + 1 :]] = 0
    sums = np.cumsum(weights)
    return int(np.searchsorted(sums, number * sums[-1], side="right"))


def only(token: int, scores: torch.FloatTensor) -> torch.FloatTensor:
    """Scores [1, tokens] that leave one token."""
    chosen = torch.full_like(scores, -torch.inf)
    chosen[0, token] = 0
    return chosen  # type: ignore[return-value]


def codes_task(prompts: Prompts, number: int, *, guided: bool, sampling: TokenSampling, count: int = 12) -> CodesTask:
    """A task of its own caption and length."""
    caption, lyrics = f"song {number} " * (1 + number % 3), "la la\n" * (number % 5)
    return CodesTask(
        prompts.codes(caption, lyrics, THOUGHT, PromptForm.ALIGNED),
        prompts.unconditional(caption, lyrics, "", PromptForm.ALIGNED) if guided else None,
        2.5,
        count,
        sampling,
    )


def script_of(task: CodesTask) -> Script:
    """Writes the codes of one task."""

    def start(emit: object) -> Generator[Task, Any, list[int]]:
        codes: list[int] = yield task
        return codes

    return Script(1 if task.unconditional is None else 2, task.tokens, task.count, start)


def generated(model: Any, task: CodesTask, codes: range) -> list[int]:
    """What transformers generates."""
    ids = torch.tensor([task.prompt])
    out = model.generate(
        ids,
        attention_mask=torch.ones_like(ids),
        max_new_tokens=task.count,
        do_sample=False,
        eos_token_id=None,
        pad_token_id=0,
        logits_processor=LogitsProcessorList([ReferenceSampling(model, task, codes)]),
    )
    return [int(token) - codes.start for token in out[0, len(task.prompt) :]]


@pytest.mark.parametrize("guided", [False, True])
@pytest.mark.parametrize(
    "sampling",
    [TokenSampling(0.0), TokenSampling(0.85, 0, 0.9, seed=7), TokenSampling(1.3, 50, 1.0, seed=8)],
    ids=["greedy", "top-p", "top-k"],
)
async def test_codes_equal_those_of_generate(
    loaded: LoadedPlanner, prompts: Prompts, reference: Any, guided: bool, sampling: TokenSampling
) -> None:
    task = codes_task(prompts, 3, guided=guided, sampling=sampling)
    async with planner_queue(loaded, rows=2) as queue:
        (codes,) = await results(queue, [script_of(task)])
    assert codes == generated(reference, task, loaded.tokenizer.audio_codes)


@pytest.mark.parametrize("mates", [1, 4, 15])
async def test_mates_that_join_and_leave_change_nothing(loaded: LoadedPlanner, prompts: Prompts, mates: int) -> None:
    """Bit for bit: each item is compared with itself in an engine of its own."""
    random = np.random.default_rng(mates)
    tasks = [
        codes_task(
            prompts,
            number,
            guided=bool(random.integers(2)),
            sampling=TokenSampling(float(random.uniform(0, 1.5)), int(random.integers(0, 60)), 0.9, seed=number),
            count=int(random.integers(3, 60)),
        )
        for number in range(mates + 1)
    ]
    alone = []
    for task in tasks:
        async with planner_queue(loaded, rows=2) as queue:
            alone += await results(queue, [script_of(task)])
    async with planner_queue(loaded, rows=8) as queue:
        together = await results(queue, [script_of(task) for task in tasks])
    assert together == alone


async def test_a_mate_that_is_cancelled_changes_nothing(loaded: LoadedPlanner, prompts: Prompts) -> None:
    task = codes_task(prompts, 1, guided=True, sampling=TokenSampling(seed=1), count=80)
    long = codes_task(prompts, 2, guided=True, sampling=TokenSampling(seed=2), count=2000)
    async with planner_queue(loaded) as queue:
        (alone,) = await results(queue, [script_of(task)])
        leaving = asyncio.create_task(queue.run(script_of(long), cost=1, seconds_left=None))
        staying = asyncio.create_task(queue.run(script_of(task), cost=1, seconds_left=None))
        await until(lambda: queue.load.running_items >= 2)
        leaving.cancel()
        assert (await staying).result == alone
        await asyncio.wait([leaving])
        assert leaving.cancelled()


@pytest.mark.parametrize("seed", range(4))
def test_logits_equal_however_tokens_are_packed(loaded: LoadedPlanner, reference: Any, seed: int) -> None:
    """Rows of random tokens go in by pieces of random size; one forward pass of each row is the truth."""
    random = np.random.default_rng(seed)
    rows = [random.integers(0, loaded.tokenizer.first_code, size=random.integers(1, 200)) for _ in range(5)]
    cache = KeyValueCache(loaded.model.config, len(rows), 256, dtype=torch.float32, device=CPU)
    fed = [0] * len(rows)
    with torch.inference_mode():
        truth = [reference(torch.tensor(row)[None]).logits[0] for row in rows]
        while any(at < len(row) for at, row in zip(fed, rows, strict=True)):
            open_rows = [number for number, row in enumerate(rows) if fed[number] < len(row)]
            picked = random.choice(open_rows, size=random.integers(1, len(open_rows) + 1), replace=False)
            segments = [
                Segment(int(number), fed[number], int(random.integers(1, min(40, len(rows[number]) - fed[number]) + 1)))
                for number in picked
            ]
            tokens = np.concatenate([rows[segment.row][segment.start : segment.end] for segment in segments])
            hidden = loaded.model(torch.tensor(tokens), Packing.of(segments, CPU), cache)
            ours = loaded.model.logits(hidden, 0, loaded.model.config.vocabulary)
            theirs = torch.cat([truth[segment.row][segment.start : segment.end] for segment in segments])
            assert float((ours - theirs).norm() / theirs.norm()) <= 1e-5
            for segment in segments:
                fed[segment.row] = segment.end
