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
@pytest.mark.parametrize(("codes_at_once", "requests"), [("1", 300), ("8", 36)])
def test_the_last_request_is_answered_as_the_first(
    tiny_models: os.PathLike[str], codes_at_once: str, requests: int
) -> None:
    flags = ("--max-lyric-tokens", "64", "--rows", "4", "--context", "4096", "--codes-at-once", codes_at_once)
    with (
        running("services.planner", "--models", str(tiny_models), *flags) as server,
        grpc.insecure_channel(server.address) as channel,
    ):
        stub = planner_pb2_grpc.PlannerServiceStub(channel)
        process: Any = psutil.Process(server.process.pid)
        first = [ask(stub) for ask in CALLS]
        settled = 0
        for number in range(requests):
            CALLS[number % len(CALLS)](stub)
            if number == requests // 3:
                settled = process.memory_info().rss
        assert [ask(stub) for ask in CALLS] == first
        assert process.memory_info().rss < GROWTH * settled


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
CALLS: list[Callable[[Any], Any]] = [
    *(plan(seed, 1 + 0.3 * seed, rewrite=False) for seed in range(12)),
    plan(12, 1, rewrite=True),
    words("Compose", planner_pb2.PlannerServiceComposeRequest(query="a song", vocal_language="en")),
    words("Rewrite", planner_pb2.PlannerServiceRewriteRequest(given=GIVEN)),
    words("Understand", planner_pb2.PlannerServiceUnderstandRequest(codes=range(50))),
    lambda stub: dict(stub.Score(planner_pb2.PlannerServiceScoreRequest(codes=[1, 2], blueprint=GIVEN)).scores),
]
