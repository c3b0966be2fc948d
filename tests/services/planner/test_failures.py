"""What fails in one item ends that item alone, and nothing of it is taken over by another."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
import torch

from quartet.errors import InternalError
from services.planner import modes
from services.planner.attention import Layout
from services.planner.cache import KeyValueCache
from services.planner.checkpoint import LoadedPlanner
from services.planner.grammar import Field
from services.planner.modes import Bounds
from services.planner.prompts import PromptForm, Prompts
from services.planner.runs import ScoreRun
from services.planner.sampling import TokenSampling
from services.planner.scoring import ScoreWish, score
from services.planner.tasks import CodesTask, Script
from services.planner.thought import Thought
from services.planner.writing import Writer
from services.runtime.batching import BatchQueue
from tests.services.planner.conftest import planner_queue, results
from tests.services.planner.test_generation_parity import THOUGHT, codes_task, script_of

BOUNDS = Bounds(60, lyric_tokens=16, free_tokens={"caption": 12, "genres": 4})
LONG = "la la la\n" * 150  # a prompt of several pieces


def text(prompts: Prompts, number: int) -> Script:
    """A text that is its own by its bpm."""
    sampling = TokenSampling(seed=number)
    return modes.rewrite(prompts, f"song {number}", "", Thought(bpm=100 + number), sampling, BOUNDS)


def codes(prompts: Prompts, number: int, *, guided: bool = True) -> Script:
    sampling = TokenSampling(seed=number)
    return script_of(codes_task(prompts, number, guided=guided, sampling=sampling, count=20))


def rating(prompts: Prompts, number: int) -> Script:
    wish = ScoreWish(tuple(range(number, 60)), Thought(bpm=90, caption="rain"), "la la\n" * 20, 0.1, skip_tags=False)
    return score(prompts, wish)


KINDS = {"text": text, "codes": codes, "score": rating}


@contextmanager
def broken_row(loaded: LoadedPlanner, row: int, number: int) -> Iterator[None]:
    """In one of the forward passes that go on with a row, what the row holds is no number any more."""
    forward, passes = loaded.model.forward, 0

    def breaking(tokens: torch.Tensor, layout: Layout, cache: KeyValueCache) -> torch.Tensor:
        nonlocal passes
        at = layout.positions[layout.rows == row]
        if len(at) and 0 < int(at[0]) < cache.context:
            passes += 1
            if passes == number:
                for tensor in cache.values:
                    tensor[row].fill_(torch.nan)
        return forward(tokens, layout, cache)

    loaded.model.forward = breaking  # type: ignore[method-assign]
    try:
        yield
    finally:
        del loaded.model.forward


async def outcomes(queue: BatchQueue[Script], scripts: Sequence[Script]) -> list[Any]:
    """The result or the error of each script; they join in this order."""
    ends = await asyncio.gather(
        *(queue.run(script, cost=1, seconds_left=None) for script in scripts), return_exceptions=True
    )
    return [end if isinstance(end, BaseException) else end.result for end in ends]


def check_only_the_first_failed(found: Sequence[Any], wanted: Sequence[Any]) -> None:
    assert isinstance(found[0], InternalError)
    assert found[0].reason == "NON_FINITE_LOGITS"
    assert found[1:] == wanted[1:]


@pytest.mark.parametrize("codes_at_once", [1, 8])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("number", [1, 3])
async def test_a_row_that_breaks_ends_its_item(
    loaded: LoadedPlanner, prompts: Prompts, kind: str, number: int, codes_at_once: int
) -> None:
    """At its first token or later; and the same item asked for again is computed anew."""
    mates = [make(prompts, 2 + mate) for mate, make in enumerate(KINDS.values())]
    scripts = [KINDS[kind](prompts, 1), *mates, codes(prompts, 8, guided=False)]
    async with planner_queue(loaded, rows=12) as queue:
        wanted = await results(queue, scripts)
    async with planner_queue(loaded, rows=12, codes_at_once=codes_at_once) as queue:
        with broken_row(loaded, 0, number):
            check_only_the_first_failed(await outcomes(queue, scripts), wanted)
        assert await outcomes(queue, scripts) == wanted


@pytest.mark.parametrize("codes_at_once", [1, 8])
async def test_the_other_row_of_a_guided_item_counts(
    loaded: LoadedPlanner, prompts: Prompts, codes_at_once: int
) -> None:
    scripts = [codes(prompts, number) for number in range(1, 4)]
    async with planner_queue(loaded, rows=6) as queue:
        wanted = await results(queue, scripts)
    async with planner_queue(loaded, rows=6, codes_at_once=codes_at_once) as queue:
        with broken_row(loaded, 1, 9):
            check_only_the_first_failed(await outcomes(queue, scripts), wanted)


@pytest.mark.parametrize("codes_at_once", [1, 8])
async def test_a_broken_beginning_is_not_taken_over(
    loaded: LoadedPlanner, prompts: Prompts, codes_at_once: int
) -> None:
    """Equal prompts wait while the first goes in piece by piece, and breaks in its second piece."""
    prompt = prompts.codes("rain", LONG, THOUGHT, PromptForm.ALIGNED)
    scripts = [script_of(CodesTask(prompt, None, 1.0, 10, TokenSampling(seed=seed))) for seed in range(3)]
    async with planner_queue(loaded, rows=3) as queue:
        wanted = await results(queue, scripts)
    async with planner_queue(loaded, rows=3, codes_at_once=codes_at_once) as queue:
        with broken_row(loaded, 0, 1):
            check_only_the_first_failed(await outcomes(queue, scripts), wanted)


@pytest.mark.parametrize("step", ["mask", "accept"])
async def test_a_grammar_that_fails_ends_its_item(
    loaded: LoadedPlanner, prompts: Prompts, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    scripts = [text(prompts, 1), text(prompts, 2), codes(prompts, 3), rating(prompts, 4)]
    async with planner_queue(loaded) as queue:
        wanted = await results(queue, scripts)
        whole = getattr(Writer, step)

        def failing(writer: Writer, *arguments: Any) -> Any:
            if writer._grammar.known.get(Field.BPM) == "101" and len(writer.tokens) > 20:
                raise InternalError("the grammar fails", reason="GRAMMAR_FAILED")
            return whole(writer, *arguments)

        monkeypatch.setattr(Writer, step, failing)
        found = await outcomes(queue, scripts)
        assert isinstance(found[0], InternalError)
        assert found[0].reason == "GRAMMAR_FAILED"
        assert found[1:] == wanted[1:]
        monkeypatch.undo()
        assert await outcomes(queue, scripts) == wanted


async def test_a_rating_that_fails_ends_its_item(
    loaded: LoadedPlanner, prompts: Prompts, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripts = [rating(prompts, 1), rating(prompts, 2), text(prompts, 3), codes(prompts, 4)]
    async with planner_queue(loaded) as queue:
        wanted = await results(queue, scripts)
        whole = ScoreRun.absorb

        def failing(run: ScoreRun, *arguments: Any) -> None:
            if run.task.prompt == prompts.understand(tuple(range(1, 60))):
                raise RuntimeError("out of memory")
            whole(run, *arguments)

        monkeypatch.setattr(ScoreRun, "absorb", failing)
        found = await outcomes(queue, scripts)
        assert str(found[0]) == "out of memory"
        assert found[1:] == wanted[1:]
        monkeypatch.undo()
        assert await outcomes(queue, scripts) == wanted


async def test_a_forward_pass_that_fails_ends_all(loaded: LoadedPlanner, prompts: Prompts) -> None:
    scripts = [text(prompts, 1), codes(prompts, 2)]

    def failing(*_: Any) -> torch.Tensor:
        raise RuntimeError("out of memory")

    async with planner_queue(loaded) as queue:
        loaded.model.forward = failing  # type: ignore[method-assign, assignment]
        try:
            found = await outcomes(queue, scripts)
        finally:
            del loaded.model.forward
        assert [str(error) for error in found] == ["out of memory"] * 2
        assert all(await results(queue, scripts))
