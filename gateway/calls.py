"""What all calls of stages share: a span, the deadline's error, and errors that name the stage."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, Self

import grpc
import grpc.aio
from opentelemetry.trace import SpanKind

from gateway.results import ModelUsed
from quartet.errors import (
    CancelledError,
    DeadlineError,
    InternalError,
    QuartetError,
    UnavailableError,
    from_rpc_error,
    has_details,
)
from quartet.v1 import stage_pb2
from serving.telemetry import Telemetry

INFO_SECONDS = 5.0


@dataclass(frozen=True)
class Report:
    """How a stage call went; times in nanoseconds."""

    queue_ns: int
    compute_ns: int
    model: ModelUsed

    @classmethod
    def of(cls, message: stage_pb2.StageReport) -> Self:
        """From the message."""
        model = message.model
        used = ModelUsed(model.id, model.revision, model.compute_dtype, model.device)
        return cls(message.queue_ns, message.compute_ns, used)


@dataclass(frozen=True)
class StageCalls:
    """Addresses (host:port) by stage, and what surrounds every call."""

    addresses: Mapping[str, str]
    telemetry: Telemetry

    @contextmanager
    def call(self, stage: str, method: str) -> Iterator[None]:
        """Around every stage call. Raises what the stage raised, with its name."""
        try:
            with self.telemetry.span(f"{stage}.{method}", kind=SpanKind.CLIENT, attributes={"quartet.stage": stage}):
                yield
        except grpc.aio.AioRpcError as error:
            raise self._named(stage, error) from None

    def _named(self, stage: str, error: grpc.aio.AioRpcError) -> QuartetError:
        known = from_rpc_error(error)
        where = f"the {stage} stage at {self.addresses[stage]}"
        if isinstance(known, CancelledError):  # nobody here cancelled: a stage that shuts down ends its calls so
            known = UnavailableError(f"{where} ended the call", reason="STAGE_UNAVAILABLE")
        elif isinstance(known, UnavailableError) and not has_details(error):
            known = UnavailableError(f"{where} does not answer", reason="STAGE_UNAVAILABLE")
        elif isinstance(known, DeadlineError) and not has_details(error):
            known = DeadlineError(f"{where} had not finished when the job's deadline passed")
        known.metadata.setdefault("stage", stage)
        return known


@asynccontextmanager
async def cancelled_on_leaving(call: Any) -> AsyncIterator[None]:
    """Whoever stops reading a stream stops the stage's compute too."""
    try:
        yield
    finally:
        call.cancel()


def broken(stage: str, what: str) -> InternalError:
    """A stage that breaks the contract."""
    return InternalError(f"the {stage} stage {what}", reason="STAGE_BROKEN", metadata={"stage": stage})
