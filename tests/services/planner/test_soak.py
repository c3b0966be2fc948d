"""Hundreds of requests of all kinds in a row leave nothing behind."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import grpc
import psutil
import pytest

from quartet.v1 import planner_pb2, planner_pb2_grpc, stage_pb2
from tests.support.processes import running

GROWTH = 1.10


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("codes_at_once", "cycle", "requests"), [("1", "rare", 300), ("8", "even", 34)])
def test_every_request_is_answered_as_the_first_of_its_kind(
    tiny_models: os.PathLike[str], codes_at_once: str, cycle: str, requests: int
) -> None:
    calls, settled = CYCLES[cycle], 0
    first: dict[Callable[[Any], Any], Any] = {}
    flags = ("--max-lyric-tokens", "64", "--rows", "4", "--context", "4096", "--codes-at-once", codes_at_once)
    with (
        running("services.planner", "--models", str(tiny_models), *flags) as server,
        grpc.insecure_channel(server.address) as channel,
    ):
        stub = planner_pb2_grpc.PlannerServiceStub(channel)
        process: Any = psutil.Process(server.process.pid)
        for number in range(requests):
            kind = calls[number % len(calls)]
            answer = kind(stub)
            assert answer == first.setdefault(kind, answer)
            if number == len(calls):
                settled = process.memory_info().rss
        assert process.memory_info().rss < GROWTH * settled
    assert len(first) == len(SHORT) + len(LONG)


def plan(seed: int, seconds: float, *, rewrite: bool) -> Callable[[Any], Any]:
    metadata = stage_pb2.Metadata(duration_seconds=seconds, bpm=90)
    request = planner_pb2.PlanRequest(
        given=planner_pb2.Blueprint(caption=f"song {seed}", lyrics="la\n" * seed, metadata=metadata),
        rewrite_caption=rewrite,
        detect_language=True,
        write_codes=True,
        sampling=planner_pb2.TokenSampling(seed=seed),
    )

    def call(stub: Any) -> Any:
        *_, last = stub.Plan(request)
        return last.result.thought, tuple(last.result.codes)

    return call


def words(method: str, request: Any) -> Callable[[Any], Any]:
    return lambda stub: getattr(stub, method)(request).blueprint


GIVEN = planner_pb2.Blueprint(caption="rain", lyrics="[Verse]\nla", metadata=stage_pb2.Metadata(bpm=99))
SHORT: list[Callable[[Any], Any]] = [
    *(plan(seed, 1 + 0.3 * seed, rewrite=False) for seed in range(12)),
    lambda stub: dict(stub.Score(planner_pb2.PlannerServiceScoreRequest(codes=[1, 2], blueprint=GIVEN)).scores),
]
# A random model fills all the room that there is for a caption and for lyrics, which takes some twenty times as long.
LONG: list[Callable[[Any], Any]] = [
    plan(12, 1, rewrite=True),
    words("Compose", planner_pb2.PlannerServiceComposeRequest(query="a song", vocal_language="en")),
    words("Rewrite", planner_pb2.PlannerServiceRewriteRequest(given=GIVEN)),
    words("Understand", planner_pb2.PlannerServiceUnderstandRequest(codes=range(50))),
]
CYCLES = {"rare": [call for long in LONG for call in (*SHORT, long)], "even": [*SHORT, *LONG]}
