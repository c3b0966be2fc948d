"""One song is one tree of spans across all four processes, with the queueing and the compute of every stage call."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import pytest
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2, metrics_service_pb2_grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc

from quartet.songs import SongSpec
from quartet.v1 import music_pb2, music_pb2_grpc
from tests.support.processes import running

STAGES = ("encoder", "dit", "vae")
ITEMS = 2
OUTCOMES = ("hit", "shared", "miss")


@dataclass(frozen=True)
class Seen:
    """A span as it was exported; ids in hexadecimal, times in nanoseconds."""

    process: str
    name: str
    trace: str
    id: str
    parent: str
    start: int
    end: int


@dataclass
class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    """What the processes of a test export."""

    spans: list[Seen] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def Export(self, request: Any, context: Any) -> Any:
        found = []
        for resource in request.resource_spans:
            names = {pair.key: pair.value.string_value for pair in resource.resource.attributes}
            for scope in resource.scope_spans:
                for span in scope.spans:
                    ids = (span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex())
                    times = (span.start_time_unix_nano, span.end_time_unix_nano)
                    found.append(Seen(names["service.name"], span.name, *ids, *times))
        with self._lock:
            self.spans += found
        return trace_service_pb2.ExportTraceServiceResponse()


Point = tuple[str, str, str]


@dataclass
class MetricsCollector(metrics_service_pb2_grpc.MetricsServiceServicer):
    """The last value of each sum by process, metric and outcome."""

    sums: dict[Point, int] = field(default_factory=dict)

    def Export(self, request: Any, context: Any) -> Any:
        for resource in request.resource_metrics:
            names = {pair.key: pair.value.string_value for pair in resource.resource.attributes}
            metrics = [metric for scope in resource.scope_metrics for metric in scope.metrics]
            for name, point in ((metric.name, point) for metric in metrics for point in metric.sum.data_points):
                outcome = "".join(pair.value.string_value for pair in point.attributes)
                self.sums[names["service.name"], name, outcome] = point.as_int
        return metrics_service_pb2.ExportMetricsServiceResponse()


@contextmanager
def collecting() -> Iterator[tuple[Collector, MetricsCollector, str]]:
    """Collectors of spans and of metrics, and their endpoint."""
    collector, metrics = Collector(), MetricsCollector()
    server = grpc.server(ThreadPoolExecutor(max_workers=4))
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(collector, server)  # type: ignore[no-untyped-call]
    metrics_service_pb2_grpc.add_MetricsServiceServicer_to_server(metrics, server)  # type: ignore[no-untyped-call]
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield collector, metrics, f"http://127.0.0.1:{port}"
    server.stop(None).wait()


@pytest.fixture(scope="module")
def exported(tiny_models: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Seen], dict[Point, int]]:
    """Spans and metrics of one song of two items that was asked for from within a trace of the client's."""
    data = tmp_path_factory.mktemp("traced")
    with collecting() as (collector, metrics, endpoint):
        with ExitStack() as stack:  # leaving it ends the processes, which makes them send what is left
            traced = ("--otlp-endpoint", endpoint)
            flags = [*traced, "--port", "0", "--data", str(data)]
            for stage in STAGES:
                server = stack.enter_context(running(f"services.{stage}", "--models", str(tiny_models), *traced))
                flags += [f"--{stage}", server.address]
            gateway = stack.enter_context(running("gateway", *flags))
            with grpc.insecure_channel(gateway.address) as channel:
                song = SongSpec("a slow piano over rain", duration=1.0, items=ITEMS).to_message()
                call = music_pb2_grpc.MusicServiceStub(channel).Generate(
                    music_pb2.GenerateRequest(song=song), metadata=(("traceparent", TRACEPARENT),)
                )
                assert list(call)[-1].HasField("record")
        return [span for span in collector.spans if span.trace == CLIENT_TRACE], metrics.sums


@pytest.fixture
def spans(exported: tuple[list[Seen], dict[Point, int]]) -> list[Seen]:
    return exported[0]


CLIENT_TRACE, CLIENT_SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
TRACEPARENT = f"00-{CLIENT_TRACE}-{CLIENT_SPAN}-01"


def named(spans: list[Seen], name: str) -> list[Seen]:
    return [span for span in spans if span.name == name]


def children(spans: list[Seen], parent: Seen) -> list[Seen]:
    return [span for span in spans if span.parent == parent.id]


def test_there_is_one_tree_under_the_clients_span(spans: list[Seen]) -> None:
    (root,) = [span for span in spans if span.parent == CLIENT_SPAN]
    assert (root.process, root.name) == ("quartet-gateway", "quartet.v1.MusicService/Generate")
    reached, frontier = {root.id}, [root]
    while frontier:
        frontier = [child for span in frontier for child in children(spans, span)]
        reached |= {span.id for span in frontier}
    assert reached == {span.id for span in spans}
    assert {span.process for span in spans} == {"quartet-gateway", *(f"quartet-{stage}" for stage in STAGES)}


def test_the_job_has_a_span_per_stage_call(spans: list[Seen]) -> None:
    (job,) = named(spans, "job")
    calls = sorted(span.name for span in children(spans, job))
    assert calls == sorted(["vae.GetInfo", "encoder.Encode", *["dit.Sample"] * ITEMS, *["vae.Decode"] * ITEMS])


@pytest.mark.parametrize(
    ("call", "served", "process"),
    [
        ("encoder.Encode", "quartet.v1.EncoderService/Encode", "quartet-encoder"),
        ("dit.Sample", "quartet.v1.DitService/Sample", "quartet-dit"),
        ("vae.Decode", "quartet.v1.VaeService/Decode", "quartet-vae"),
    ],
)
def test_a_stage_call_shows_where_its_time_went(spans: list[Seen], call: str, served: str, process: str) -> None:
    for client_span in named(spans, call):
        (server_span,) = children(spans, client_span)
        assert (server_span.name, server_span.process) == (served, process)
        queue, compute = sorted(children(spans, server_span), key=lambda span: span.name, reverse=True)
        assert (queue.name, compute.name) == ("queue", "compute")
        assert queue.start <= queue.end == compute.start < compute.end


def test_metrics_tell_how_conditions_were_come_by(exported: tuple[list[Seen], dict[Point, int]]) -> None:
    """The warm-up and the song, whose items share one condition."""
    results = {
        outcome: exported[1]["quartet-encoder", "quartet.encoder.condition.results", outcome] for outcome in OUTCOMES
    }
    assert results == {"hit": 0, "shared": 0, "miss": 2}
    assert exported[1]["quartet-encoder", "quartet.encoder.condition.cache.size", ""] > 0
