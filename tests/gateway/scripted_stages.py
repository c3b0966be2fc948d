"""Stage servers that answer by script, on loopback: a planner that may misbehave, and a DiT's offer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio
from google.protobuf.message import Message

from gateway.results import Progress
from gateway.stages import Stages
from gateway.tools import JobTools
from quartet.v1 import dit_pb2, encoder_pb2, planner_pb2, stage_pb2
from serving.telemetry import Telemetry

Context = grpc.aio.ServicerContext[Any, Any]
Answer = list[planner_pb2.PlanResponse]
_CODES = stage_pb2.StageInfo(models=[stage_pb2.ModelInfo(id="scripted", codebook_size=64_000)])


class ScriptedPlanner:
    """Plays one answer per call of Plan, in order, and keeps the requests."""

    def __init__(self, *answers: Answer) -> None:
        self.requests: list[planner_pb2.PlanRequest] = []
        self._answers = list(answers)

    @property
    def service(self) -> grpc.GenericRpcHandler[Any, Any]:
        """Plan and GetInfo; other calls answer UNIMPLEMENTED."""
        request, response = planner_pb2.PlanRequest.FromString, planner_pb2.PlanResponse.SerializeToString
        plan = grpc.unary_stream_rpc_method_handler(self.plan, request, response)
        reply = planner_pb2.PlannerServiceGetInfoResponse(info=_CODES)
        info = _answering(planner_pb2.PlannerServiceGetInfoRequest, reply)
        return grpc.method_handlers_generic_handler("quartet.v1.PlannerService", {"Plan": plan, "GetInfo": info})

    async def plan(self, request: planner_pb2.PlanRequest, context: Context) -> AsyncIterator[planner_pb2.PlanResponse]:
        """The next answer."""
        self.requests.append(request)
        for response in self._answers.pop(0):
            yield response


class ScriptedEncoder:
    """Has the codebook of the scripted planner."""

    @property
    def service(self) -> grpc.GenericRpcHandler[Any, Any]:
        """GetInfo alone."""
        reply = encoder_pb2.EncoderServiceGetInfoResponse(info=_CODES)
        info = _answering(encoder_pb2.EncoderServiceGetInfoRequest, reply)
        return grpc.method_handlers_generic_handler("quartet.v1.EncoderService", {"GetInfo": info})


class ScriptedDit:
    """Offers one model."""

    def __init__(self, model: str, min_seconds: float, max_seconds: float) -> None:
        limits = {"min_seconds": min_seconds, "max_seconds": max_seconds}
        self._info = stage_pb2.StageInfo(
            stage="dit",
            models=[stage_pb2.ModelInfo(id=model)],
            limits=[stage_pb2.StageLimit(name=name, value=value) for name, value in limits.items()],
        )

    @property
    def service(self) -> grpc.GenericRpcHandler[Any, Any]:
        """GetInfo alone."""
        reply = dit_pb2.DitServiceGetInfoResponse(info=self._info, defaults=[dit_pb2.SamplingDefaults()])
        info = _answering(dit_pb2.DitServiceGetInfoRequest, reply)
        return grpc.method_handlers_generic_handler("quartet.v1.DitService", {"GetInfo": info})


def _answering(request: type[Message], reply: Message) -> grpc.RpcMethodHandler[Any, Any]:
    """A method that always gives the same reply."""

    async def answer(_request: Message, _context: Context) -> Message:
        return reply

    return grpc.unary_unary_rpc_method_handler(answer, request.FromString, type(reply).SerializeToString)


@asynccontextmanager
async def scripted_tools(
    planner: ScriptedPlanner | None, *, min_seconds: float = 1, max_seconds: float = 30
) -> AsyncIterator[tuple[JobTools, list[Progress]]]:
    """What a pipeline works with before a scripted planner and a DiT "turbo", and the progress that it reports."""
    server = grpc.aio.server()
    dit = ScriptedDit("turbo", min_seconds, max_seconds)
    server.add_generic_rpc_handlers([stage.service for stage in (dit, ScriptedEncoder(), planner) if stage])
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    await server.start()
    progress: list[Progress] = []
    nothing: Any = None
    try:
        names = ("encoder", "dit", "vae", *(("planner",) if planner else ()))
        async with Stages.connected(dict.fromkeys(names, address), Telemetry.off()) as stages:
            yield (
                JobTools(
                    stages=stages,
                    artifacts=nothing,
                    keep=nothing,
                    report=progress.append,
                    show_plan=nothing,
                    seconds_left=lambda: 30.0,
                    max_upload_seconds=1.0,
                ),
                progress,
            )
    finally:
        await server.stop(None)


def planned(thought: str, codes: tuple[int, ...] = (), *, warnings: tuple[str, ...] = (), **metadata: Any) -> Answer:
    """What a planner streams that has finished: its blueprint has the caption "rewritten"."""
    blueprint = planner_pb2.Blueprint(caption="rewritten", metadata=stage_pb2.Metadata(**metadata))
    result = planner_pb2.PlanResult(blueprint=blueprint, codes=codes, thought=thought, warnings=warnings)
    return [planner_pb2.PlanResponse(blueprint=blueprint), planner_pb2.PlanResponse(result=result)]
