"""A server on loopback that passes every call on to another one, byte for byte, and keeps what was said."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import grpc
from google.protobuf.message import Message

M = TypeVar("M", bound=Message)


@dataclass(frozen=True)
class Call:
    """One call: serialised messages of both sides."""

    method: str
    requests: list[bytes]
    responses: list[bytes] = field(default_factory=list)


class Recorder(grpc.GenericRpcHandler):  # type: ignore[type-arg] # generic in its stubs alone
    """Passes calls of any method on. Where the other server fails, the call ends without its status."""

    def __init__(self, channel: grpc.Channel) -> None:
        self.address = ""
        self._channel = channel
        self._calls: list[Call] = []

    def requests(self, method: str, kind: type[M]) -> list[M]:
        """The first requests of the calls of a method, in the order of their arrival."""
        return [kind.FromString(call.requests[0]) for call in self._calls if call.method == method]

    def responses(self, method: str, kind: type[M]) -> list[M]:
        """The last responses of the calls of a method."""
        return [kind.FromString(call.responses[-1]) for call in self._calls if call.method == method]

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any]:
        """On the wire every kind of call is a stream of messages in both directions."""
        path: Any = handler_call_details.method

        def forward(requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
            recorded = Call(path.rpartition("/")[2], list(requests))
            self._calls.append(recorded)
            passed_on: Any = self._channel.stream_stream(path, None, None)(iter(recorded.requests))
            context.add_callback(passed_on.cancel)
            for response in passed_on:
                recorded.responses.append(response)
                yield response

        return grpc.stream_stream_rpc_method_handler(forward)


@contextmanager
def recording(address: str) -> Iterator[Recorder]:
    """A recorder in front of a server, on a free port."""
    server = grpc.server(futures.ThreadPoolExecutor(8))
    with grpc.insecure_channel(address) as channel:
        recorder = Recorder(channel)
        server.add_generic_rpc_handlers([recorder])
        recorder.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
        server.start()
        try:
            yield recorder
        finally:
            server.stop(None).wait()
