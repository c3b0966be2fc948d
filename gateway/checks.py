"""What a song asked to know of its items, found out as soon as they are made; whatever goes wrong is a warning."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from gateway import lyrics
from gateway.alignment import Rendition, time_lyrics
from gateway.notes import Notes
from gateway.results import ItemChecks
from gateway.scoring import score_codes, score_music
from gateway.stages import Stages
from gateway.tools import Tools, countdown
from quartet.errors import QuartetError
from quartet.planning import Blueprint
from quartet.songs import SongSpec
from quartet.v1 import planner_pb2

T = TypeVar("T")

_log = logging.getLogger(__name__)

# Of the time that is left to the job: the rest is for the song to leave.
_SHARE_OF_TIME = 0.5


async def check_item(
    song: SongSpec, plan: Blueprint, codes: tuple[int, ...], rendition: Rendition, tools: Tools, notes: Notes
) -> ItemChecks:
    """Scores and times an item as far as its song asks for it and it can be done; its codes are scored by the plan."""
    attempts = _Attempts(tools, notes)
    scores: dict[str, float] = {}
    timing = None
    if song.score:
        request = planner_pb2.PlannerServiceScoreRequest(
            model=song.thinking.model, codes=codes, blueprint=plan.to_message()
        )
        scores |= await attempts.make("score of the codes", lambda *given: score_codes(request, *given)) or {}
    if song.time_lyrics or (song.score and lyrics.sung_lines(rendition.lyrics)):
        timing = await attempts.make("lyrics in time", lambda *given: time_lyrics(rendition, *given))
    if timing is None:
        return ItemChecks(scores, (), None)
    alignment = timing.scores
    if song.score:
        scores |= (
            await attempts.make(
                "score of the music", lambda *given: score_music(rendition, alignment, bool(codes), *given)
            )
            or {}
        )
    if not song.time_lyrics:
        return ItemChecks(scores, (), alignment)
    notes.warn(*timing.warnings)
    return ItemChecks(scores, timing.lines, alignment)


class _Attempts:
    """Calls that may fail, with a warning, and together take no more than their share of the job's time."""

    def __init__(self, tools: Tools, notes: Notes) -> None:
        self._stages = tools.stages
        self._notes = notes
        self._seconds_left = countdown(tools.seconds_left() * _SHARE_OF_TIME)

    async def make(self, what: str, call: Callable[[Stages, float], Awaitable[T]]) -> T | None:
        """What the call finds; None where it fails."""
        seconds_left = self._seconds_left()
        try:
            async with asyncio.timeout(seconds_left):
                return await call(self._stages, seconds_left)
        except TimeoutError:
            self._notes.warn(f"no {what}: it would have taken too much of the job's time")
        except QuartetError as error:
            self._notes.warn(f"no {what}: {error.message}")
        except Exception:  # a mistake of ours is no reason to lose a song that is made
            _log.exception("no %s", what)
            self._notes.warn(f"no {what}: something went wrong, which the gateway's log tells")
        return None
