"""What the engine never takes in, it refuses at once, and says what to change."""

from __future__ import annotations

from dataclasses import replace

import pytest

from quartet.errors import DeadlineError, InvalidRequestError
from services.planner import modes
from services.planner.checkpoint import LoadedPlanner
from services.planner.modes import Bounds
from services.planner.prompts import Prompts
from services.planner.sampling import TokenSampling
from services.planner.scoring import ScoreWish, score
from services.planner.tasks import Script
from services.planner.thought import Thought
from tests.services.planner.conftest import planner_queue, results
from tests.services.planner.test_prefill_economy import WISH

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
