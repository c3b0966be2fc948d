"""Traces, one per job over W3C trace context in gRPC metadata, and metrics. Off unless an endpoint is set."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from opentelemetry import metrics, trace
from opentelemetry.context import Context, attach, detach
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import Meter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_SCOPE = "quartet"
_PROPAGATOR = TraceContextTextMapPropagator()
Attributes = Mapping[str, str | int | float | bool]


@dataclass(frozen=True)
class Telemetry:
    """The tracer and the meter of one process. They cost next to nothing when nothing is exported."""

    tracer: Tracer
    meter: Meter
    providers: tuple[TracerProvider | MeterProvider, ...] = ()

    @classmethod
    def off(cls) -> Telemetry:
        """A telemetry that records nothing."""
        return cls(trace.NoOpTracer(), metrics.NoOpMeter(_SCOPE))

    @classmethod
    def to(cls, service: str, otlp_endpoint: str) -> Telemetry:
        """Exports spans and metrics of a service to an OTLP endpoint; off where the endpoint is empty."""
        if not otlp_endpoint:
            return cls.off()
        resource = Resource.create({"service.name": service})
        insecure = otlp_endpoint.startswith("http://")
        spans = TracerProvider(resource=resource)
        spans.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=otlp_endpoint, insecure=insecure)))
        reader = PeriodicExportingMetricReader(OTLPMetricExporter(endpoint=otlp_endpoint, insecure=insecure))
        measures = MeterProvider(metric_readers=(reader,), resource=resource)
        return cls(spans.get_tracer(_SCOPE), measures.get_meter(_SCOPE), (spans, measures))

    def shutdown(self) -> None:
        """Sends what is left."""
        for provider in self.providers:
            provider.shutdown()

    @contextmanager
    def server_span(self, method: str, metadata: Iterable[tuple[str, str | bytes]]) -> Iterator[Context]:
        """The span of one served call, a child of the caller's span, as a context for `attached`.

        It is not current by itself: a stream may be closed from another task than the one that began it.
        """
        parent = incoming_context(metadata)
        span = self.tracer.start_span(method.lstrip("/"), context=parent, kind=SpanKind.SERVER)
        with _ended(span):
            yield trace.set_span_in_context(span, parent)

    @contextmanager
    def span(
        self,
        name: str,
        *,
        kind: SpanKind = SpanKind.INTERNAL,
        parent: Context | None = None,
        attributes: Attributes | None = None,
    ) -> Iterator[Span]:
        """A current span around a block; an exception marks it as failed."""
        span = self.tracer.start_span(name, context=parent, kind=kind, attributes=attributes)
        with _ended(span), attached(trace.set_span_in_context(span, parent)):
            yield span

    def record_phases(self, phases: Mapping[str, tuple[int, int]], parent: Context, attributes: Attributes) -> None:
        """Adds spans for phases that are over, as (start, end) by name. Times are of `time.monotonic_ns`."""
        offset = time.time_ns() - time.monotonic_ns()  # one for all, so that phases that meet do so in the trace
        for name, (start_ns, end_ns) in phases.items():
            span = self.tracer.start_span(name, context=parent, start_time=start_ns + offset, attributes=attributes)
            span.end(end_ns + offset)


def incoming_context(metadata: Iterable[tuple[str, str | bytes]]) -> Context:
    """The caller's trace context in gRPC metadata; empty where there is none."""
    return _PROPAGATOR.extract({key: value for key, value in metadata if isinstance(value, str)}, Context())


@contextmanager
def attached(context: Context) -> Iterator[None]:
    """Makes a context current for a block."""
    token = attach(context)
    try:
        yield
    finally:
        detach(token)


@contextmanager
def _ended(span: Span) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        span.set_status(Status(StatusCode.ERROR, type(error).__name__))
        raise
    finally:
        span.end()


def outgoing_metadata() -> tuple[tuple[str, str], ...]:
    """gRPC metadata that makes the callee's span a child of the current one."""
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier)
    return tuple(carrier.items())


def current_trace_id() -> str:
    """Hexadecimal id of the current trace; empty outside of one."""
    context = trace.get_current_span().get_span_context()
    return trace.format_trace_id(context.trace_id) if context.is_valid else ""
