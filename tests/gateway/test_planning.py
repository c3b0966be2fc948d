"""The first stage of the chain before a planner that answers by script: limits, notes, and what a plan may not lack."""

from __future__ import annotations

import dataclasses

import pytest

from gateway.notes import Notes
from gateway.planning import plan_item, plan_song
from gateway.results import Progress
from quartet.errors import InternalError
from quartet.planning import Thinking
from quartet.songs import SongSpec
from quartet.v1 import planner_pb2
from tests.gateway.scripted_stages import ScriptedPlanner, planned, scripted_tools

ALL = Thinking(
    think=True, write_metadata=True, rewrite_caption=True, detect_language=True, seed=5, code_seeds=(7,), best_of=1
)
OPEN = SongSpec("rain", "la", model="turbo", seeds=(5,), thinking=ALL)
THOUGHT = "caption: rewritten\nduration: 29"


async def test_an_open_length_is_chosen_within_what_the_model_offers() -> None:
    planner = ScriptedPlanner(planned(THOUGHT, duration_seconds=29))
    notes = Notes()
    async with scripted_tools(planner, min_seconds=1, max_seconds=30) as (tools, _):
        plan = await plan_song(OPEN, tools, notes)
    (request,) = planner.requests
    assert (request.min_seconds, request.max_seconds) == (1, 30)
    assert plan.song.duration == 29
    assert plan.shown.thought == THOUGHT
    assert not notes.warnings


async def test_whoever_makes_an_instrumental_sees_no_lyrics() -> None:
    planner = ScriptedPlanner(planned(THOUGHT, duration_seconds=29))
    async with scripted_tools(planner) as (tools, _):
        plan = await plan_song(dataclasses.replace(OPEN, instrumental=True), tools, Notes())
    (request,) = planner.requests
    assert request.given.lyrics == plan.song.lyrics == plan.wish.lyrics == "[Instrumental]"


@pytest.mark.parametrize(("thinking", "warnings"), [(Thinking(), 0), (Thinking(best_of=3), 1), (Thinking(seed=1), 1)])
async def test_settings_of_a_plan_that_nobody_makes_are_warned_of(thinking: Thinking, warnings: int) -> None:
    notes = Notes()
    async with scripted_tools(ScriptedPlanner(planned(""))) as (tools, _):
        await plan_song(dataclasses.replace(OPEN, duration=12.5, thinking=thinking.unplanned()), tools, notes)
    assert len(notes.warnings) == warnings


async def test_a_given_length_has_no_limits_to_choose_within() -> None:
    """It was checked when the song was asked for."""
    planner = ScriptedPlanner(planned(THOUGHT, duration_seconds=29))
    async with scripted_tools(planner) as (tools, _):
        plan = await plan_song(dataclasses.replace(OPEN, duration=12.5), tools, Notes())
    (request,) = planner.requests
    assert not request.HasField("min_seconds")
    assert not request.HasField("max_seconds")
    assert request.given.metadata.duration_seconds == plan.song.duration == 12.5


@pytest.mark.parametrize("chosen", [400, None])
async def test_a_length_that_was_not_offered_breaks_the_contract(chosen: float | None) -> None:
    async with scripted_tools(ScriptedPlanner(planned("", duration_seconds=chosen))) as (tools, _):
        with pytest.raises(
            InternalError, match=r"the planner stage chose (400|0) s, where 1 to 30 were offered"
        ) as found:
            await plan_song(OPEN, tools, Notes())
    assert found.value.metadata == {"stage": "planner"}


@pytest.mark.parametrize("longest", [30, 600])
async def test_the_fallback_length_is_noted_where_the_planner_may_not_choose(longest: float) -> None:
    quiet = dataclasses.replace(OPEN, thinking=dataclasses.replace(ALL, write_metadata=False))
    planner, notes = ScriptedPlanner(planned(THOUGHT)), Notes()
    seconds = min(120, longest)
    async with scripted_tools(planner, max_seconds=longest) as (tools, _):
        plan = await plan_song(quiet, tools, notes)
    assert plan.song.duration == seconds
    assert planner.requests[0].given.metadata.duration_seconds == seconds
    assert list(notes.warnings) == [f"the length was left open and no planner was to choose it: it is {seconds} s"]


async def test_a_job_that_outlived_its_planner_gets_the_fallback_length() -> None:
    notes = Notes()
    async with scripted_tools(None) as (tools, _):
        plan = await plan_song(dataclasses.replace(OPEN, thinking=Thinking(seed=5)), tools, notes)
    assert plan.song.duration == 30
    assert [warning.partition(":")[0] for warning in notes.warnings] == [
        "the length was left open and no planner was to choose it",
        "no planner is deployed",
    ]


async def test_codes_are_written_for_the_thought_that_is_shown_and_for_the_users_own_caption() -> None:
    codes = planned(THOUGHT, (1,) * 145, warnings=("stuck",))
    codes.insert(0, planner_pb2.PlanResponse(progress=planner_pb2.PlanProgress(codes=40, codes_total=145)))
    planner = ScriptedPlanner(planned(THOUGHT, warnings=("cut",), duration_seconds=29, vocal_language="de"), codes)
    notes = Notes()
    async with scripted_tools(planner) as (tools, progress):
        plan = await plan_song(OPEN, tools, notes)
        found = await plan_item(plan, 0, tools, notes)
    _, request = planner.requests
    assert request.thought == plan.shown.thought == THOUGHT
    assert plan.song.caption == "rewritten"
    assert plan.song.vocal_language == "de"
    assert (request.given.caption, request.given.metadata.vocal_language) == ("rain", "")
    assert request.given.metadata.duration_seconds == 29
    assert (request.write_codes, request.write_metadata, request.rewrite_caption) == (True, False, False)
    assert request.sampling.seed == 7
    assert found.values == (1,) * 145
    assert list(notes.warnings) == ["cut", "stuck"]
    assert progress == [Progress("plan", 0, 40, 145)]


async def test_codes_alone_have_a_thought_too() -> None:
    """Of what was given; the record shows it as it shows any other."""
    only_codes = Thinking(True, False, False, False, seed=5, code_seeds=(7,))
    planner = ScriptedPlanner(planned("bpm: 90\nduration: 2"), planned("bpm: 90\nduration: 2", (1,) * 12))
    async with scripted_tools(planner) as (tools, _):
        song = dataclasses.replace(OPEN, duration=2.4, bpm=90, thinking=only_codes)
        plan = await plan_song(song, tools, Notes())
        await plan_item(plan, 0, tools, Notes())
    assert plan.song == song
    assert planner.requests[1].thought == plan.shown.thought == "bpm: 90\nduration: 2"


async def test_a_song_that_wants_nothing_from_the_planner_does_not_call_it() -> None:
    planner = ScriptedPlanner()
    song = dataclasses.replace(OPEN, duration=2.4, thinking=Thinking.none())
    async with scripted_tools(planner) as (tools, progress):
        plan = await plan_song(song, tools, Notes())
    assert (plan.song, plan.thought, plan.thinks) == (song, "", False)
    assert planner.requests == []
    assert progress == [], "songs from sources, say, have no such stage"


async def test_a_plan_without_codes_is_a_step_of_its_own() -> None:
    planner = ScriptedPlanner(planned(THOUGHT, duration_seconds=29))
    async with scripted_tools(planner) as (tools, progress):
        plan = await plan_song(dataclasses.replace(OPEN, thinking=Thinking(think=False, seed=7)), tools, Notes())
    assert (plan.song.duration, plan.thinks) == (29, False)
    assert progress == [Progress("plan", 0, 1, 1)]


async def test_no_codes_where_codes_were_asked_for_is_an_error() -> None:
    planner = ScriptedPlanner(planned(THOUGHT, duration_seconds=29), planned(THOUGHT))
    async with scripted_tools(planner) as (tools, _):
        plan = await plan_song(OPEN, tools, Notes())
        with pytest.RaisesGroup(pytest.RaisesExc(InternalError, match="the planner wrote no audio codes")):
            await plan_item(plan, 0, tools, Notes())


async def test_a_stream_that_ends_without_a_plan_is_an_error() -> None:
    """The metadata call and the codes call alike."""
    unfinished = planned(THOUGHT, duration_seconds=29)[:1]
    async with scripted_tools(ScriptedPlanner(unfinished)) as (tools, _):
        with pytest.raises(InternalError, match="the planner stage ended its stream without a plan"):
            await plan_song(OPEN, tools, Notes())
    planner = ScriptedPlanner(planned(THOUGHT, duration_seconds=29), unfinished)
    async with scripted_tools(planner) as (tools, _):
        plan = await plan_song(OPEN, tools, Notes())
        with pytest.RaisesGroup(pytest.RaisesExc(InternalError, match="ended its stream without a plan")):
            await plan_item(plan, 0, tools, Notes())
