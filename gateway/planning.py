"""The first stage of the chain: open metadata, the caption and audio codes, from the planner or from fallbacks."""

from __future__ import annotations

import dataclasses
from contextlib import aclosing
from dataclasses import dataclass

from gateway.notes import Notes
from gateway.planner import Plan, PlannerClient
from gateway.requests import fallback_seconds
from gateway.results import Progress
from gateway.tools import Tools
from quartet.errors import ConflictError, InternalError
from quartet.planning import Blueprint, SongPlan
from quartet.songs import SongSpec


@dataclass(frozen=True)
class PlannedSong:
    """A song without open choices. `song` is what the networks get, `wish` what was asked for, as the planner knows it.

    `thought` is the planner's chain of thought; `thinks` says whether the items follow audio codes.
    """

    song: SongSpec
    wish: Blueprint
    thought: str
    thinks: bool

    @property
    def shown(self) -> SongPlan:
        """The plan as the user sees it."""
        return SongPlan(_blueprint(self.song), self.thought)


async def plan_song(song: SongSpec, tools: Tools, notes: Notes) -> PlannedSong:
    """Lets the planner decide what is open. Without a planner it stays open, but for the length.

    Raises ConflictError where thinking was demanded and no planner is deployed.
    """
    thinking, planner = song.thinking, tools.stages.planner
    if planner is None:
        if thinking.think:
            raise ConflictError(NO_PLANNER, reason="NO_PLANNER")
        if thinking.asks_planner:
            notes.warn("no planner is deployed: the song was made without a plan, what was left open stayed open")
        if song.duration is None:
            song = await _with_length(song, tools, notes)
        return PlannedSong(song, _blueprint(song), "", thinks=False)
    wish, thought, chosen = _blueprint(song), "", song
    if any(flag is not False for flag in (thinking.write_metadata, thinking.rewrite_caption, thinking.detect_language)):
        plan = await _think(song, wish, planner, tools, notes)
        chosen, thought = _filled(song, plan.blueprint), plan.thought
    if song.duration is None:
        chosen = await _with_length(chosen, tools, notes)
    thinks = thinking.think is not False
    if not thinks:
        tools.report(Progress("plan", 0, 1, 1))
    return PlannedSong(chosen, wish, thought, thinks)


async def plan_item(plan: PlannedSong, index: int, tools: Tools, notes: Notes) -> tuple[int, ...]:
    """The audio codes of one item."""
    planner, thinking = tools.stages.planner, plan.song.thinking
    if planner is None:
        raise InternalError("a song thinks without a planner")
    given = dataclasses.replace(plan.wish, duration=plan.song.duration)
    written = None
    with notes.timed("plan", index) as timed:
        seed = thinking.code_seeds[index]
        events = planner.write_codes(given, plan.thought, thinking, seed, tools.seconds_left())
        async with aclosing(events):
            async for event in events:
                if isinstance(event, Plan):
                    timed.take(event.report, "planner")
                    notes.warn(*event.warnings)
                    written = event.codes
                else:
                    tools.report(Progress("plan", index, event.codes, event.total))
    if not written:
        raise InternalError("the planner wrote no audio codes", metadata={"stage": "planner"})
    return written


NO_PLANNER = (
    "song.thinking.think is true, but no planner is deployed behind this gateway; leave it unset to make the song "
    "without a plan"
)


async def _with_length(song: SongSpec, tools: Tools, notes: Notes) -> SongSpec:
    """The song with a length that its model can make."""
    offers, _ = await tools.stages.offers()
    offer = next(offer for offer in offers if offer.id == song.model)
    if song.duration is None:
        return dataclasses.replace(song, duration=fallback_seconds(offer))
    seconds = min(max(song.duration, offer.min_seconds), offer.max_seconds)
    if seconds != song.duration:
        notes.warn(f"the planner chose {song.duration:g} s, which {offer.id} cannot make; it is {seconds:g} s")
    return dataclasses.replace(song, duration=seconds)


async def _think(song: SongSpec, wish: Blueprint, planner: PlannerClient, tools: Tools, notes: Notes) -> Plan:
    plan = None
    with notes.timed("plan") as timed:
        async with aclosing(planner.plan(wish, song.thinking, tools.seconds_left())) as events:
            async for event in events:
                if isinstance(event, Plan):
                    timed.take(event.report, "planner")
                    notes.warn(*event.warnings)
                    plan = event
    if plan is None:
        raise InternalError("the planner ended without a plan", metadata={"stage": "planner"})
    return plan


def _filled(song: SongSpec, planned: Blueprint) -> SongSpec:
    """The song with the planner's values where it was open; the caption is the planner's where it was to rewrite it."""
    return dataclasses.replace(
        song,
        caption=planned.caption if song.thinking.rewrite_caption is not False else song.caption,
        bpm=song.bpm or planned.bpm,
        key_scale=song.key_scale or planned.key_scale,
        time_signature=song.time_signature or planned.time_signature,
        vocal_language=song.vocal_language or planned.vocal_language,
        duration=song.duration or planned.duration,
    )


def _blueprint(song: SongSpec) -> Blueprint:
    return Blueprint(
        caption=song.caption,
        lyrics=song.lyrics,
        bpm=song.bpm,
        key_scale=song.key_scale,
        time_signature=song.time_signature,
        vocal_language=song.vocal_language,
        duration=song.duration,
    )
