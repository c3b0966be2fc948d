"""Text under a grammar is what transformers' own `generate` writes, alone and among items of all kinds."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch
from transformers import LogitsProcessor, LogitsProcessorList, RepetitionPenaltyLogitsProcessor

from services.planner import modes
from services.planner.checkpoint import LoadedPlanner
from services.planner.grammar import Field, Grammar
from services.planner.modes import Bounds
from services.planner.prompts import Prompts
from services.planner.sampling import TokenSampling
from services.planner.scoring import ScoreWish, score
from services.planner.tasks import Script, Task, TextTask
from services.planner.thought import Thought
from services.planner.tokenization import PlannerTokenizer
from services.planner.writing import Writer, Written
from services.runtime.batching import BatchQueue
from services.runtime.noise import Purpose, uniform
from tests.services.planner.conftest import planner_queue, results
from tests.services.planner.test_generation_parity import codes_task, only, picked, script_of
from tests.support.waiting import until

FREE = {"caption": 16, "genres": 6}
BOUNDS = Bounds(60, lyric_tokens=24, free_tokens=FREE)
GRAMMARS = {
    "song": (Grammar(tuple(Field), 600, lyrics=True, free_tokens=FREE), 40),
    "block": (Grammar((Field.BPM, Field.CAPTION, Field.LANGUAGE), 600, {Field.BPM: "92"}, free_tokens=FREE), 0),
}
SAMPLINGS = {
    "greedy": TokenSampling(0.0),
    "greedy with a penalty": TokenSampling(0.0, repetition_penalty=1.3),
    "top-p": TokenSampling(0.85, 0, 0.9, seed=7),
    "top-k with a penalty": TokenSampling(1.3, 50, 0.95, repetition_penalty=1.2, seed=8),
    "compat": TokenSampling(0.85, 20, 0.5, repetition_penalty=1.5, seed=9).compat(),
}


class ReferenceWriting(LogitsProcessor):
    """The grammar's mask and transformers' own penalty on what was drawn; leaves the token that is drawn or forced."""

    def __init__(self, tokenizer: PlannerTokenizer, task: TextTask, masks: ThreadPoolExecutor) -> None:
        self._task = task
        self._end = tokenizer.turn_end
        self._text_tokens = tokenizer.first_code
        self._writer = Writer(tokenizer, task.grammar, task.max_lyric_tokens, masks)
        self._uniform = uniform(task.sampling.seed, Purpose.TEXT, 1024, task.attempt).tolist()
        self._forced: deque[int] = deque()
        self.prompt = [*task.prompt, *self._writer.forced]
        self.drawn: list[int] = []

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        if not self._forced and self._writer.finish is None:
            self._draw(scores)
        return only(self._forced.popleft() if self._forced else self._end, scores)

    def _draw(self, scores: torch.FloatTensor) -> None:
        wish = self._task.sampling
        if wish.repetition_penalty != 1 and self.drawn:
            scores = RepetitionPenaltyLogitsProcessor(wish.repetition_penalty)(torch.tensor([self.drawn]), scores)
        allowed = torch.from_numpy(self._writer.mask())
        logits = scores[0, : self._text_tokens].masked_fill(~allowed, -torch.inf)
        number = self._uniform[len(self.drawn)]
        token = picked(logits, TokenSampling(0.0) if self._writer.greedy else wish, number)
        self.drawn.append(token)
        self._forced += self._writer.accept(token)


def text_script(task: TextTask) -> Script:
    def start(emit: object) -> Generator[Task, Any, Written]:
        written: Written = yield task
        return written

    return Script(1, task.tokens, 1, start)


@pytest.mark.parametrize("attempt", [0, 1])
@pytest.mark.parametrize("sampling", SAMPLINGS)
@pytest.mark.parametrize("grammar", GRAMMARS)
async def test_text_equals_that_of_generate(
    loaded: LoadedPlanner,
    prompts: Prompts,
    reference: Any,
    monkeypatch: pytest.MonkeyPatch,
    grammar: str,
    sampling: str,
    attempt: int,
) -> None:
    """Token by token: those that were drawn are noted where the grammar takes them."""
    lines, lyric_tokens = GRAMMARS[grammar]
    prompt = prompts.compose("rain on a roof", instrumental=False)
    task = TextTask(prompt, lines, SAMPLINGS[sampling], lyric_tokens, attempt)
    drawn, accept = [], Writer.accept

    def noted(writer: Writer, token: int) -> list[int]:
        drawn.append(token)
        return accept(writer, token)

    with monkeypatch.context() as patch:
        patch.setattr(Writer, "accept", noted)
        async with planner_queue(loaded, rows=1) as queue:
            await results(queue, [text_script(task)])
    with ThreadPoolExecutor(1) as masks:
        writing = ReferenceWriting(loaded.tokenizer, task, masks)
        ids = torch.tensor([writing.prompt])
        reference.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=400,
            do_sample=False,
            eos_token_id=loaded.tokenizer.turn_end,
            pad_token_id=0,
            logits_processor=LogitsProcessorList([writing]),
        )
    assert len(drawn) > 5
    assert drawn == writing.drawn


def random_script(prompts: Prompts, number: int, random: np.random.Generator) -> Script:
    """Text, codes with and without guidance, or a rating."""
    sampling = TokenSampling(
        float(random.uniform(0, 1.5)), int(random.integers(0, 60)), 0.9, float(random.choice([1.0, 1.2])), number
    )
    kind = random.integers(4) if number else 0
    if kind == 0:
        return modes.rewrite(prompts, f"song {number}", "la\n" * (number % 4), Thought(bpm=100), sampling, BOUNDS)
    if kind == 1:
        wish = ScoreWish(tuple(range(number, 80)), Thought(caption="rain"), "la la\n" * number, 0.1, skip_tags=False)
        return score(prompts, wish)
    count = int(random.integers(3, 60))
    return script_of(codes_task(prompts, number, guided=kind == 2, sampling=sampling, count=count))


async def joined_late(queue: BatchQueue[Script], script: Script, joins: int, leaves: int | None) -> Any:
    """The result of a script that joins, and perhaps leaves, after so many steps of all; None where it has left."""
    await reached(queue, joins)
    call = asyncio.create_task(queue.run(script, cost=1, seconds_left=None))
    if leaves is not None:
        await asyncio.sleep(0)
        await reached(queue, joins + leaves)
        call.cancel()
    await asyncio.wait([call])
    return None if call.cancelled() else call.result().result


async def reached(queue: BatchQueue[Script], steps: int) -> None:
    """Waits for a number of steps, or until there is nobody to make them."""
    await until(lambda: queue.steps_computed >= steps or not queue.load.running_items + queue.load.queued_items)


@pytest.mark.parametrize("codes_at_once", [1, 8])
@pytest.mark.parametrize("mates", [1, 4, 15])
async def test_mates_of_all_kinds_that_come_and_go_change_nothing(
    loaded: LoadedPlanner, prompts: Prompts, mates: int, codes_at_once: int
) -> None:
    """Bit for bit: each item is compared with itself in an engine of its own."""
    random = np.random.default_rng([mates, codes_at_once])
    scripts = [random_script(prompts, number, random) for number in range(mates + 1)]
    alone = []
    for script in scripts:
        async with planner_queue(loaded, rows=2, context=1024, codes_at_once=codes_at_once) as queue:
            alone += await results(queue, [script])
    joins = [0, *random.integers(1, 200, size=mates).tolist()]
    leaves = [None, *(int(random.integers(1, 60)) if random.random() < 0.3 else None for _ in range(mates))]
    async with planner_queue(loaded, rows=8, context=1024, codes_at_once=codes_at_once) as queue:
        # The first makes the steps that the others wait for.
        first, *others = (joined_late(queue, *item) for item in zip(scripts, joins, leaves, strict=True))
        running = asyncio.create_task(first)
        await until(lambda: queue.load.running_items)
        found = await asyncio.gather(running, *others)
    stayed = [(result, wanted) for result, wanted in zip(found, alone, strict=True) if result is not None]
    assert all(result == wanted for result, wanted in stayed)
    assert len(stayed) >= leaves.count(None)
    assert len(stayed) < len(scripts) or mates < 15  # of a few, all may have ended before they would have left
