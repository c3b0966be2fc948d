"""Checks of an item take their share of the job's time and no more."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np

from gateway.alignment import Rendition
from gateway.calls import Report
from gateway.checks import check_item
from gateway.framing import Framing
from gateway.notes import Notes
from gateway.results import ItemChecks, ModelUsed
from gateway.stages import Attention, Condition
from gateway.tools import Tools
from quartet.planning import Blueprint
from quartet.songs import SongSpec
from quartet.v1 import dit_pb2, tensor_pb2

NOTHING: Any = None
SONG = SongSpec("rain", "let it rain", score=True, time_lyrics=True)
REPORT = Report(0, 0, ModelUsed("dit", "a1", "float32", "cpu"))
CONDITION = Condition(tensor_pb2.Tensor(), tensor_pb2.Tensor(), ((0, 11),), (), REPORT)
RENDITION = Rendition("dit", SONG.lyrics, np.zeros((50, 8), np.float32), CONDITION, Framing("", 50))


class DeafStages:
    """A DiT that never answers, and no planner."""

    planner = None

    async def align(self, request: dit_pb2.AlignRequest, seconds_left: float) -> Attention:
        await asyncio.Event().wait()
        raise AssertionError


async def test_a_stage_that_never_answers_costs_no_song() -> None:
    stages: Any = DeafStages()
    notes = Notes()
    tools = Tools(stages, NOTHING, NOTHING, lambda: 0.02, 1.0)
    assert await check_item(SONG, Blueprint(), (1, 2), RENDITION, tools, notes) == ItemChecks.none()
    assert list(notes.warnings) == [
        "no score of the codes: no planner is deployed behind this gateway; start one and name it with --planner",
        "no lyrics in time: it would have taken too much of the job's time",
    ]
