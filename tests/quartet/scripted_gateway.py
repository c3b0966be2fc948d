"""A gRPC server that speaks the gateway's contract by script: it can fail at the moment that a test needs."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager
from typing import Any

import grpc

from quartet.errors import STATUS_DETAILS_KEY, QuartetError, to_status
from quartet.v1 import music_pb2

SERVICE = "quartet.v1.MusicService"
AUDIO = (b"fLaC-first-item" * 10, b"fLaC-second-item" * 10)

Attempt = list[Any]
"""What one call does: responses are sent, a QuartetError or a status code ends it, an event is waited for."""


class ScriptedGateway:
    """Plays one script per call of a method, in order; keeps the requests, and sets `gone` when a caller leaves."""

    def __init__(self) -> None:
        self.address = ""
        self.requests: dict[str, list[Any]] = {}
        self.gone = threading.Event()
        self._scripts: dict[str, list[Attempt]] = {}

    def script(self, method: str, *attempts: Attempt) -> None:
        """Sets what the calls of a method do."""
        self._scripts[method] = list(attempts)

    def play(self, method: str, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        """Plays the next script of a method."""
        self.requests.setdefault(method, []).append(request)
        context.add_callback(self.gone.set)
        for step in self._scripts[method].pop(0):
            if isinstance(step, QuartetError):
                status = to_status(step).SerializeToString()
                context.set_trailing_metadata(((STATUS_DETAILS_KEY, status),))
                context.abort(step.code, step.message)
            elif isinstance(step, grpc.StatusCode):
                context.abort(step, "scripted")
            elif isinstance(step, threading.Event):
                step.wait(30)
            else:
                yield step


@contextmanager
def scripted_gateway() -> Iterator[ScriptedGateway]:
    """Runs the server on a free port."""
    gateway = ScriptedGateway()
    service = music_pb2.DESCRIPTOR.services_by_name["MusicService"]
    handlers = {method.name: _handler(gateway, method) for method in service.methods}
    server = grpc.server(futures.ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(SERVICE, handlers)])
    gateway.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        yield gateway
    finally:
        server.stop(None).wait()


def _handler(gateway: ScriptedGateway, method: Any) -> grpc.RpcMethodHandler[Any, Any]:
    def streaming(request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        yield from gateway.play(method.name, request, context)

    def unary(request: Any, context: grpc.ServicerContext) -> Any:
        return next(gateway.play(method.name, list(request) if method.name == "UploadAudio" else request, context))

    codec: dict[str, Callable[..., Any]] = {
        "request_deserializer": getattr(music_pb2, method.input_type.name).FromString,
        "response_serializer": getattr(music_pb2, method.output_type.name).SerializeToString,
    }
    if method.name == "UploadAudio":
        return grpc.stream_unary_rpc_method_handler(unary, **codec)
    if method.name in ("Generate", "WatchJob", "ReadAudio"):
        return grpc.unary_stream_rpc_method_handler(streaming, **codec)
    return grpc.unary_unary_rpc_method_handler(unary, **codec)


def job(state: int = music_pb2.JOB_STATE_RUNNING, **fields: Any) -> music_pb2.Job:
    """A job of two items."""
    return music_pb2.Job(id="job-1", state=music_pb2.JobState.Name(state), song=spec(), **fields)


def spec() -> music_pb2.SongSpec:
    """What the scripted songs were asked for."""
    return music_pb2.SongSpec(caption="piano", items=2, seeds=[5, 6], output={"format": "AUDIO_FORMAT_FLAC"})


def accepted() -> music_pb2.GenerateResponse:
    """The first message of a call."""
    return music_pb2.GenerateResponse(job=job())


def progress(step: int, item: int = 0) -> music_pb2.GenerateResponse:
    """A step of the sampler."""
    message = music_pb2.StageProgress(stage="sample", item=item, step=step, steps=8)
    return music_pb2.GenerateResponse(progress=message)


def audio(item: int, start: int = 0, end: int | None = None, *, last: bool = False) -> music_pb2.GenerateResponse:
    """A piece of an item's file."""
    chunk = music_pb2.AudioFileChunk(item=item, offset=start, data=AUDIO[item][start:end], last=last)
    return music_pb2.GenerateResponse(audio=chunk)


def record() -> music_pb2.GenerateResponse:
    """The last message of a successful call."""
    items = [
        music_pb2.SongItem(index=index, seed=seed, format="AUDIO_FORMAT_FLAC", sha256=hashlib.sha256(data).hexdigest())
        for index, (seed, data) in enumerate(zip((5, 6), AUDIO, strict=True))
    ]
    return music_pb2.GenerateResponse(record=music_pb2.SongRecord(job_id="job-1", song=spec(), items=items))


def whole_call() -> list[music_pb2.GenerateResponse]:
    """Everything that a good call sends."""
    return [
        accepted(),
        progress(1),
        progress(8),
        audio(0, 0, 50),
        audio(0, 50, last=True),
        audio(1, last=True),
        record(),
    ]
