"""At the door of a server exceptions become statuses with details, on all four kinds of calls."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio
import pytest

from quartet.errors import (
    FieldViolation,
    InternalError,
    InvalidRequestError,
    NotFoundError,
    OverloadedError,
    QuartetError,
    from_rpc_error,
)
from quartet.v1 import vae_pb2, vae_pb2_grpc
from serving.interceptor import Door
from serving.telemetry import Telemetry


class Failing(vae_pb2_grpc.VaeServiceServicer):
    """Fails every call with the error that it was given."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def GetInfo(self, request: Any, context: Any) -> Any:
        raise self.error

    async def Decode(self, request: Any, context: Any) -> AsyncIterator[Any]:
        yield vae_pb2.DecodeResponse()
        raise self.error

    async def Encode(self, request_iterator: AsyncIterator[Any], context: Any) -> Any:
        async for _ in request_iterator:
            raise self.error


@asynccontextmanager
async def failing_with(error: Exception) -> AsyncIterator[vae_pb2_grpc.VaeServiceAsyncStub]:
    server = grpc.aio.server(interceptors=(Door(Telemetry.off()),))
    vae_pb2_grpc.add_VaeServiceServicer_to_server(Failing(error), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield vae_pb2_grpc.VaeServiceStub(channel)
    await server.stop(None)


async def failures(error: Exception) -> list[QuartetError]:
    found = []
    async with failing_with(error) as stub:
        with pytest.raises(grpc.aio.AioRpcError) as unary:
            await stub.GetInfo(vae_pb2.VaeServiceGetInfoRequest())
        found.append(from_rpc_error(unary.value))
        with pytest.raises(grpc.aio.AioRpcError) as streaming:
            async for _ in stub.Decode(vae_pb2.DecodeRequest()):
                pass
        found.append(from_rpc_error(streaming.value))
        with pytest.raises(grpc.aio.AioRpcError) as uploading:
            await stub.Encode(iter([vae_pb2.VaeServiceEncodeRequest()]))
        found.append(from_rpc_error(uploading.value))
    return found


async def test_typed_errors_arrive_with_their_details() -> None:
    sent = InvalidRequestError.of([FieldViolation("frames", "must be above 0"), FieldViolation("seed", "is missing")])
    for error in await failures(sent):
        assert isinstance(error, InvalidRequestError)
        assert error.violations == sent.violations
        assert error.reason == "INVALID_REQUEST"


@pytest.mark.parametrize("sent", [NotFoundError.of("model", "x"), OverloadedError("full", retry_after_s=1.5)])
async def test_other_details(sent: QuartetError) -> None:
    for error in await failures(sent):
        assert type(error) is type(sent)
        assert (error.resource, error.retry_after_s) == (sent.resource, sent.retry_after_s)


async def test_unknown_errors_do_not_leak() -> None:
    for error in await failures(ValueError("/etc/secret")):
        assert isinstance(error, InternalError)
        assert "secret" not in error.message


async def test_a_group_with_one_cause_is_that_cause() -> None:
    for error in await failures(ExceptionGroup("group", [NotFoundError.of("model", "x")])):
        assert isinstance(error, NotFoundError)
