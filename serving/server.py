"""Lifecycle of a gRPC server process: bind, get ready, serve, drain on SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TypeVar

import grpc.aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from quartet.errors import QuartetError
from serving import logs
from serving.allocator import keep_buffers
from serving.interceptor import Door
from serving.messages import MAX_MESSAGE_BYTES, message_options
from serving.settings import ServerSettings, SettingsError, load
from serving.telemetry import Telemetry

log = logging.getLogger(__name__)
S = TypeVar("S", bound=ServerSettings)

_SERVER_OPTIONS = (
    ("grpc.so_reuseport", 0),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
)

# Builds the application: entered, it has loaded and warmed up and has added its servicers to the server. A function
# that it gives is called when draining starts.
Application = Callable[[grpc.aio.Server, Telemetry], AbstractAsyncContextManager[Callable[[], None] | None]]


class StartupError(Exception):
    """The server cannot start; the message says why and what to change."""


async def serve(
    settings: ServerSettings,
    name: str,
    services: Sequence[str],
    application: Application,
    max_request_bytes: int = MAX_MESSAGE_BYTES,
) -> None:
    """Serves until SIGTERM or SIGINT, then lets running work finish within the grace period.

    `services` are full service names, for health and reflection. Raises StartupError where the port is taken.
    """
    options = (*_SERVER_OPTIONS, *message_options(max_received=max_request_bytes))
    telemetry = Telemetry.to(name, settings.otlp_endpoint)
    server = grpc.aio.server(interceptors=(Door(telemetry),), options=options)
    port = _bind(server, settings)
    stop = asyncio.Event()
    try:
        async with application(server, telemetry) as start_draining:
            for signum in (signal.SIGTERM, signal.SIGINT):
                asyncio.get_running_loop().add_signal_handler(signum, stop.set)
            status = health.aio.HealthServicer()  # type: ignore[attr-defined]
            health_pb2_grpc.add_HealthServicer_to_server(status, server)  # type: ignore[no-untyped-call]
            reflection.enable_server_reflection((*services, health.SERVICE_NAME, reflection.SERVICE_NAME), server)
            await server.start()
            for service in ("", *services):
                await status.set(service, health_pb2.HealthCheckResponse.SERVING)
            if settings.port_file:
                _announce(settings.port_file, port)
            log.info("%s is ready on %s:%d", name, settings.host, port)
            await stop.wait()
            log.info("%s drains for at most %.1f s", name, settings.grace_seconds)
            if start_draining:
                start_draining()
            await status.enter_graceful_shutdown()
            await server.stop(settings.grace_seconds)
    finally:
        telemetry.shutdown()
    log.info("%s has stopped", name)


def run(
    kind: type[S],
    name: str,
    services: Sequence[str],
    application: Callable[[S], Application],
    max_request_bytes: int = MAX_MESSAGE_BYTES,
) -> None:
    """Runs a server as a process, with settings of a type from its flags and environment.

    Failures to start end it with one clear line and status 1.
    """
    try:
        settings = load(kind, name)
        keep_buffers(MAX_MESSAGE_BYTES)
        logs.configure(settings.log_level)
        asyncio.run(serve(settings, name, services, application(settings), max_request_bytes))
    except (StartupError, SettingsError, QuartetError) as error:
        sys.exit(f"error: {error}")
    finally:
        gc.freeze()  # else the interpreter takes most of a second to look for garbage before it ends


def _bind(server: grpc.aio.Server, settings: ServerSettings) -> int:
    address = f"{settings.host}:{settings.port}"
    try:
        port = server.add_insecure_port(address)
    except RuntimeError:
        port = 0
    if not port:
        raise StartupError(
            f"cannot listen on {address}: the port is in use or the address is not ours; choose another --port"
        )
    return port


def _announce(path: Path, port: int) -> None:
    partial = path.with_suffix(".partial")
    partial.write_text(f"{port}\n")
    partial.replace(path)
