"""The first stage of the chain: open metadata, the caption and audio codes, from the planner or from fallbacks."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass

from gateway.calls import broken
from gateway.notes import Notes
from gateway.output import INSTRUMENTAL
from gateway.planner import STAGE, CodesProgress, Plan, PlannerClient
from gateway.requests import ModelOffer, fallback_seconds
from gateway.results import Progress
from gateway.tools import Tools
from quartet.errors import ConflictError, InternalError
from quartet.planning import Blueprint, SongPlan, Thinking
from quartet.songs import SongSpec
from quartet.v1 import planner_pb2


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


@dataclass(frozen=True)
class AudioCodes:
    """Audio codes with the seed that repeats them, and how well they fit the words, where that was asked."""

    values: tuple[int, ...]
    seed: int
    reward: float | None = None
    warnings: tuple[str, ...] = ()


async def plan_song(song: SongSpec, tools: Tools, notes: Notes) -> PlannedSong:
    """Lets the planner decide what is open. Without a planner it stays open, but for the length.

    Whoever plans and makes an instrumental song sees none of its lyrics.

    Raises ConflictError where thinking was demanded and no planner is deployed, or one with other audio codes than the
    encoder's.
    """
    if song.instrumental:
        song = dataclasses.replace(song, lyrics=INSTRUMENTAL)
    thinking, planner = song.thinking, tools.stages.planner
    if thinking == thinking.unplanned() != Thinking.none():
        notes.warn("nothing of this song is planned: the other settings of thinking have no effect")
    offer = await _offer(song, tools) if song.duration is None else None
    if offer and (planner is None or thinking.write_metadata is False):
        song = _with_fallback_length(song, offer, notes)
    if planner is None:
        if thinking.think:
            raise ConflictError(NO_PLANNER, reason="NO_PLANNER")
        if thinking.asks_planner:
            notes.warn("no planner is deployed: the song was made without a plan, what was left open stayed open")
        return PlannedSong(song, _blueprint(song), "", thinks=False)
    if thinking.think is not False:
        await tools.stages.check_codebooks(thinking.model)
    wish, thought, chosen = _blueprint(song), "", song
    if thinking.asks_planner:
        plan = await _think(song, offer, planner, tools, notes)
        chosen, thought = _filled(song, plan.blueprint), plan.thought
    thinks = thinking.think is not False
    if thinking.asks_planner and not thinks:
        tools.report(Progress("plan", 0, 1, 1))
    return PlannedSong(chosen, wish, thought, thinks)


async def plan_item(plan: PlannedSong, index: int, tools: Tools, notes: Notes) -> AudioCodes:
    """The audio codes of one item: of several plans those that fit the words best, of equal ones the first."""
    planner, thinking = tools.stages.planner, plan.song.thinking
    if planner is None:
        raise InternalError("a song thinks without a planner")
    items = len(thinking.code_seeds)
    seeds = [(thinking.code_seeds[index] + items * attempt) % 2**32 for attempt in range(thinking.best_of)]
    done = dict.fromkeys(seeds, 0)

    def report(seed: int, progress: CodesProgress) -> None:
        done[seed] = progress.codes
        tools.report(Progress("plan", index, sum(done.values()), progress.total * len(seeds)))

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_codes(plan, index, seed, planner, report, tools, notes)) for seed in seeds]
    best = max((task.result() for task in tasks), key=lambda codes: codes.reward or 0)
    notes.warn(*best.warnings)
    return best


async def _codes(
    plan: PlannedSong,
    index: int,
    seed: int,
    planner: PlannerClient,
    report: Callable[[int, CodesProgress], None],
    tools: Tools,
    notes: Notes,
) -> AudioCodes:
    """One plan, rated where there are others."""
    thinking = plan.song.thinking
    given = dataclasses.replace(plan.wish, duration=plan.song.duration)
    written = None
    with notes.timed("plan", index) as timed:
        async with aclosing(planner.write_codes(given, plan.thought, thinking, seed, tools.seconds_left())) as events:
            async for event in events:
                if isinstance(event, Plan):
                    timed.take(event.report, "planner")
                    written = event
                else:
                    report(seed, event)
    if written is None or not written.codes:
        raise InternalError("the planner wrote no audio codes", metadata={"stage": "planner"})
    reward = await _reward(plan, written.codes, planner, tools) if thinking.best_of > 1 else None
    return AudioCodes(written.codes, seed, reward, written.warnings)


async def _reward(plan: PlannedSong, codes: tuple[int, ...], planner: PlannerClient, tools: Tools) -> float:
    request = planner_pb2.PlannerServiceScoreRequest(
        model=plan.song.thinking.model, codes=codes, blueprint=_blueprint(plan.song).to_message()
    )
    return (await planner.score(request, tools.seconds_left())).scores["reward"]


NO_PLANNER = (
    "song.thinking.think is true, but no planner is deployed behind this gateway; leave it unset to make the song "
    "without a plan"
)


async def _offer(song: SongSpec, tools: Tools) -> ModelOffer:
    """What the song's model can make."""
    offers, _ = await tools.stages.offers()
    return next(offer for offer in offers if offer.id == song.model)


def _with_fallback_length(song: SongSpec, offer: ModelOffer, notes: Notes) -> SongSpec:
    seconds = fallback_seconds(offer)
    notes.warn(f"the length was left open and no planner was to choose it: it is {seconds:g} s")
    return dataclasses.replace(song, duration=seconds)


async def _think(song: SongSpec, offer: ModelOffer | None, planner: PlannerClient, tools: Tools, notes: Notes) -> Plan:
    """The plan of a song. Raises InternalError where its length is not one that the model offers."""
    plan = None
    with notes.timed("plan") as timed:
        async with aclosing(planner.plan(_blueprint(song), song.thinking, offer, tools.seconds_left())) as events:
            async for event in events:
                if isinstance(event, Plan):
                    timed.take(event.report, "planner")
                    notes.warn(*event.warnings)
                    plan = event
    if plan is None:
        raise InternalError("the planner ended without a plan", metadata={"stage": "planner"})
    chosen = song.duration or plan.blueprint.duration or 0
    if offer and not offer.min_seconds <= chosen <= offer.max_seconds:
        raise broken(STAGE, f"chose {chosen:g} s, where {offer.min_seconds:g} to {offer.max_seconds:g} were offered")
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
