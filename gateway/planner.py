"""Client of the planner stage."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass

import grpc.aio

from gateway.calls import INFO_SECONDS, Report, StageCalls, broken, cancelled_on_leaving
from gateway.requests import ModelOffer
from quartet.planning import Blueprint, Thinking
from quartet.v1 import planner_pb2, planner_pb2_grpc, stage_pb2
from serving.telemetry import outgoing_metadata

STAGE = "planner"


@dataclass(frozen=True)
class CodesProgress:
    """Audio codes on their way."""

    codes: int
    total: int


@dataclass(frozen=True)
class Plan:
    """A finished plan; `codes` are empty where only metadata was asked for."""

    blueprint: Blueprint
    thought: str
    codes: tuple[int, ...]
    warnings: tuple[str, ...]
    report: Report


class PlannerClient:
    """Calls of the planner stage."""

    def __init__(self, calls: StageCalls, channel: grpc.aio.Channel) -> None:
        self._calls = calls
        self._stub = planner_pb2_grpc.PlannerServiceStub(channel)

    async def plan(
        self, given: Blueprint, thinking: Thinking, offer: ModelOffer | None, seconds_left: float
    ) -> AsyncGenerator[CodesProgress | Plan, None]:
        """Metadata, caption and language, as far as they are wished for; an open length is within what is offered."""
        request = planner_pb2.PlanRequest(
            model=thinking.model,
            given=given.to_message(),
            rewrite_caption=thinking.rewrite_caption is not False,
            detect_language=thinking.detect_language is not False,
            write_metadata=thinking.write_metadata is not False,
            sampling=thinking.sampling.to_message(thinking.seed or 0),
            min_seconds=offer.min_seconds if offer else None,
            max_seconds=offer.max_seconds if offer else None,
        )
        async for event in self._stream(request, seconds_left):
            yield event

    async def write_codes(
        self, given: Blueprint, thought: str, thinking: Thinking, seed: int, seconds_left: float
    ) -> AsyncGenerator[CodesProgress | Plan, None]:
        """Audio codes for a thought, which may be empty."""
        request = planner_pb2.PlanRequest(
            model=thinking.model,
            given=given.to_message(),
            write_metadata=False,
            write_codes=True,
            thought=thought,
            sampling=thinking.sampling.to_message(seed),
            guidance_scale=thinking.guidance,
            negative_prompt=thinking.negative_prompt,
            prompt_form=thinking.to_message().prompt_form,
        )
        async for event in self._stream(request, seconds_left):
            yield event

    async def compose(
        self, request: planner_pb2.PlannerServiceComposeRequest, seconds_left: float | None
    ) -> planner_pb2.PlannerServiceComposeResponse:
        """A song from one sentence."""
        with self._calls.call(STAGE, "Compose"):
            return await self._stub.Compose(request, timeout=seconds_left, metadata=outgoing_metadata())

    async def rewrite(
        self, request: planner_pb2.PlannerServiceRewriteRequest, seconds_left: float | None
    ) -> planner_pb2.PlannerServiceRewriteResponse:
        """A richer caption and lyrics."""
        with self._calls.call(STAGE, "Rewrite"):
            return await self._stub.Rewrite(request, timeout=seconds_left, metadata=outgoing_metadata())

    async def understand(
        self, request: planner_pb2.PlannerServiceUnderstandRequest, seconds_left: float | None
    ) -> planner_pb2.PlannerServiceUnderstandResponse:
        """A description of audio codes."""
        with self._calls.call(STAGE, "Understand"):
            return await self._stub.Understand(request, timeout=seconds_left, metadata=outgoing_metadata())

    async def score(
        self, request: planner_pb2.PlannerServiceScoreRequest, seconds_left: float | None
    ) -> planner_pb2.PlannerServiceScoreResponse:
        """How well words fit audio codes."""
        with self._calls.call(STAGE, "Score"):
            return await self._stub.Score(request, timeout=seconds_left, metadata=outgoing_metadata())

    async def info(self) -> stage_pb2.StageInfo:
        """The stage at this moment."""
        with self._calls.call(STAGE, "GetInfo"):
            reply = await self._stub.GetInfo(planner_pb2.PlannerServiceGetInfoRequest(), timeout=INFO_SECONDS)
        return reply.info

    async def _stream(
        self, request: planner_pb2.PlanRequest, seconds_left: float
    ) -> AsyncGenerator[CodesProgress | Plan, None]:
        finished = False
        with self._calls.call(STAGE, "Plan"):
            call = self._stub.Plan(request, timeout=seconds_left, metadata=outgoing_metadata())
            async with cancelled_on_leaving(call):
                async for response in call:
                    if response.HasField("progress"):
                        yield CodesProgress(response.progress.codes, response.progress.codes_total)
                    elif response.HasField("result"):
                        finished = True
                        yield _plan(response.result)
        if not finished:
            raise broken(STAGE, "ended its stream without a plan")


def _plan(result: planner_pb2.PlanResult) -> Plan:
    return Plan(
        blueprint=Blueprint.from_message(result.blueprint),
        thought=result.thought,
        codes=tuple(result.codes),
        warnings=tuple(result.warnings),
        report=Report.of(result.report),
    )
