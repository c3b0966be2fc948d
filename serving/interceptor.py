"""The door of every server: each call gets a span, and each exception becomes a google.rpc.Status with details."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, NoReturn

import grpc
import grpc.aio
from opentelemetry.context import Context

from quartet.errors import STATUS_DETAILS_KEY, InternalError, QuartetError, UnimplementedError, to_status
from serving.telemetry import Telemetry, attached

log = logging.getLogger(__name__)
Handler = Any  # grpc.RpcMethodHandler, which is generic only in its stubs


class Door(grpc.aio.ServerInterceptor):  # type: ignore[type-arg]
    """Wraps the handlers of Quartet's own services; health and reflection pass as they are."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler:
        """Wraps the handler of a method, whichever of the four kinds it is."""
        handler = await continuation(handler_call_details)
        method = handler_call_details.method
        if handler is None or not method.startswith("/quartet."):
            return handler
        codec = {
            "request_deserializer": handler.request_deserializer,
            "response_serializer": handler.response_serializer,
        }
        streams_in = "stream" if handler.request_streaming else "unary"
        streams_out = "stream" if handler.response_streaming else "unary"
        behaviour = getattr(handler, f"{streams_in}_{streams_out}")
        wrapped = (self._streaming if handler.response_streaming else self._unary)(method, behaviour)
        build: Callable[..., Handler] = getattr(grpc, f"{streams_in}_{streams_out}_rpc_method_handler")
        return build(wrapped, **codec)

    def _unary(self, method: str, behaviour: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def call(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
            try:
                metadata: Any = context.invocation_metadata() or ()
                with self._telemetry.server_span(method, metadata) as span, attached(span):
                    return await behaviour(request, context)
            except Exception as error:
                await _abort(method, context, error)

        return call

    def _streaming(
        self, method: str, behaviour: Callable[..., AsyncGenerator[Any, None]]
    ) -> Callable[..., AsyncIterator[Any]]:
        async def call(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> AsyncIterator[Any]:
            try:
                metadata: Any = context.invocation_metadata() or ()
                with self._telemetry.server_span(method, metadata) as span:
                    async with aclosing(behaviour(request, context)) as responses:
                        while (response := await _next(responses, span)) is not None:
                            yield response
            except Exception as error:
                await _abort(method, context, error)

        return call


async def _next(responses: AsyncGenerator[Any, None], span: Context) -> Any:
    with attached(span):
        return await anext(responses, None)


async def _abort(method: str, context: grpc.aio.ServicerContext[Any, Any], error: Exception) -> NoReturn:
    if isinstance(error, grpc.aio.AbortError):
        raise error
    known = quartet_error_of(error)
    if isinstance(known, InternalError):
        log.error("%s failed", method, exc_info=error)
    status = to_status(known)
    await context.abort(known.code, known.message, ((STATUS_DETAILS_KEY, status.SerializeToString()),))
    raise AssertionError("abort returns never")


def quartet_error_of(error: BaseException) -> QuartetError:
    """The typed error behind any exception. Task groups wrap what happens in them: the first cause counts."""
    while isinstance(error, BaseExceptionGroup):
        causes = error.exceptions
        error = next((cause for cause in causes if not isinstance(cause, asyncio.CancelledError)), causes[0])
    if isinstance(error, NotImplementedError):  # what the generated base class of a servicer raises
        return UnimplementedError("this server does not offer the method")
    return error if isinstance(error, QuartetError) else InternalError("the server failed; its log says why")
