"""What the engine never takes in, it refuses at once and says what to change; who leaves, leaves between passes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import pytest

from quartet.errors import DeadlineError, InvalidRequestError
from services.planner import modes
from services.planner.cache import BLOCK
from services.planner.checkpoint import LoadedPlanner
from services.planner.modes import Bounds
from services.planner.prompts import Prompts
from services.planner.sampling import TokenSampling
from services.planner.scoring import ScoreWish, score
from services.planner.tasks import CodesTask, Script
from services.planner.thought import Thought
from services.runtime import items
from tests.services.planner.conftest import planner_queue, results
from tests.services.planner.test_generation_parity import codes_task, script_of
from tests.services.planner.test_prefill_economy import WISH
from tests.support.waiting import until

SONG = replace(WISH, given=Thought(duration=2), seconds=2.0, write_codes=True, guidance_scale=2.0)


async def refusal(loaded: LoadedPlanner, script: Script, *, rows: int, context: int) -> InvalidRequestError:
    """The error of a script in an engine of that size, which must not compute anything for it."""
    async with planner_queue(loaded, rows=rows, context=context) as queue:
        with pytest.raises(InvalidRequestError) as refused:
            await results(queue, [script])
        assert queue.steps_computed == 0
    return refused.value


async def test_one_row_is_too_few_for_guidance(loaded: LoadedPlanner, prompts: Prompts) -> None:
    error = await refusal(loaded, modes.plan(prompts, SONG, Bounds(60, 16)), rows=1, context=4096)
    assert error.reason == "TOO_FEW_ROWS"
    assert "takes 2 rows of the batch, this replica has 1; ask for guidance_scale 1" in error.message
    plain = modes.plan(prompts, replace(SONG, guidance_scale=1.0), Bounds(60, 16))
    async with planner_queue(loaded, rows=1) as queue:
        (planned,) = await results(queue, [plain])
    assert len(planned.codes) == 10


async def test_one_row_is_too_few_for_a_score(loaded: LoadedPlanner, prompts: Prompts) -> None:
    script = score(prompts, ScoreWish((1, 2), Thought(bpm=90), "", 0.1, skip_tags=False))
    error = await refusal(loaded, script, rows=1, context=4096)
    assert error.reason == "TOO_FEW_ROWS"
    assert "start it with --rows 2" in error.message


async def test_a_deadline_is_met_by_what_is_usual(loaded: LoadedPlanner, prompts: Prompts) -> None:
    """After one song that took all its time for one token, the next one is refused by its bound, not by its cost."""
    short = modes.plan(prompts, SONG, Bounds(60, 16))
    long = modes.compose(
        prompts, "rain", instrumental=True, language="en", sampling=TokenSampling(), bounds=Bounds(60, 2048)
    )
    async with planner_queue(loaded) as queue:
        pace = (await queue.run(short, cost=1, seconds_left=None)).compute_ns / 1e9
        left = pace * (long.cost + long.tokens) / 2
        with pytest.raises(DeadlineError, match="its deadline is"):
            await queue.run(long, cost=long.tokens, seconds_left=left)
        assert (await queue.run(long, cost=long.cost, seconds_left=left)).result.thought.language == "en"


@pytest.mark.parametrize("seconds", [None, 60.0])
async def test_what_may_not_fit_is_not_begun(loaded: LoadedPlanner, prompts: Prompts, seconds: float | None) -> None:
    """With an open length too: the shortest song has no room behind such lyrics."""
    given = Thought() if seconds is None else Thought(duration=60)
    wish = replace(SONG, lyrics="la la\n" * 400, given=given, seconds=seconds)
    error = await refusal(loaded, modes.plan(prompts, wish, Bounds(60, 16, context=1024)), rows=2, context=1024)
    assert error.reason == "CONTEXT_TOO_LONG"
    assert "1024" in error.message


def long_codes(prompts: Prompts) -> Script:
    return script_of(codes_task(prompts, 2, guided=True, sampling=TokenSampling(seed=2), count=3000))


def long_prompt(prompts: Prompts) -> Script:
    return script_of(CodesTask(prompts.understand((1,) * 3900), None, 1.0, 1, TokenSampling()))


def long_rating(prompts: Prompts) -> Script:
    return score(prompts, ScoreWish((1, 2), Thought(), "la la\n" * 400, 0.1, skip_tags=False))


@pytest.mark.parametrize(
    ("make", "codes_at_once"), [(long_codes, 1), (long_codes, 8), (long_prompt, 1), (long_rating, 1)]
)
async def test_whoever_leaves_gets_no_more_than_the_pass_that_runs(
    loaded: LoadedPlanner, prompts: Prompts, make: Callable[[Prompts], Script], codes_at_once: int
) -> None:
    async with planner_queue(loaded, rows=2, prefill_tokens=BLOCK, codes_at_once=codes_at_once) as queue:
        leaving = asyncio.create_task(queue.run(make(prompts), cost=1, seconds_left=None))
        await until(lambda: queue.steps_computed >= 10 or leaving.done())
        leaving.cancel()
        await asyncio.wait([leaving])
        steps = queue.steps_computed
        await until(lambda: not queue.load.running_items)
        assert leaving.cancelled()
        assert queue.steps_computed <= steps + codes_at_once


@pytest.mark.parametrize("codes_at_once", [1, 8])
async def test_a_deadline_ends_its_item_between_passes(
    loaded: LoadedPlanner, prompts: Prompts, monkeypatch: pytest.MonkeyPatch, codes_at_once: int
) -> None:
    """An hour goes by at once while the item is at work; the other one goes on as it would alone."""
    other = script_of(codes_task(prompts, 1, guided=True, sampling=TokenSampling(seed=1), count=200))
    async with planner_queue(loaded, rows=4, codes_at_once=codes_at_once) as queue:
        (alone,) = await results(queue, [other])
        queue.forget_pace()
        late = asyncio.create_task(queue.run(long_codes(prompts), cost=1, seconds_left=3600))
        stays = asyncio.create_task(queue.run(other, cost=1, seconds_left=None))
        begun = queue.steps_computed
        await until(lambda: queue.steps_computed >= begun + 10)
        clock = SimpleNamespace(monotonic=lambda: time.monotonic() + 3600)
        monkeypatch.setattr(items, "time", clock)
        with pytest.raises(DeadlineError, match="during compute"):
            await late
        assert (await stays).result == alone
