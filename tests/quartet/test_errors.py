"""Every error goes over the wire and comes back as what it was."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent import futures
from typing import Any

import grpc
import pytest
from google.protobuf import any_pb2, wrappers_pb2
from google.rpc import error_details_pb2, status_pb2
from hypothesis import given
from hypothesis import strategies as st

from quartet import errors
from quartet.errors import FieldViolation, InternalError, InvalidRequestError, NotFoundError, QuartetError

KINDS = [
    errors.InternalError,
    errors.InvalidRequestError,
    errors.NotFoundError,
    errors.ConflictError,
    errors.AlreadyExistsError,
    errors.OverloadedError,
    errors.UnavailableError,
    errors.DeadlineError,
    errors.CancelledError,
    errors.UnimplementedError,
]


def everything(error: QuartetError) -> tuple[Any, ...]:
    return (
        type(error),
        error.message,
        error.reason,
        error.violations,
        error.resource,
        error.retry_after_s,
        error.metadata,
    )


def test_the_list_of_kinds_is_complete() -> None:
    assert set(KINDS) == set(QuartetError.__subclasses__())


def test_no_two_kinds_share_a_code() -> None:
    assert len({kind.code for kind in KINDS}) == len(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_plain_error_round_trips(kind: type[QuartetError]) -> None:
    error = kind("it broke")
    assert everything(errors.from_status(errors.to_status(error))) == everything(error)


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
DETAILED = st.builds(
    lambda kind, message, **details: kind(message, **details),
    st.sampled_from(KINDS),
    TEXT,
    reason=st.from_regex(r"[A-Z][A-Z_]{1,20}", fullmatch=True),
    violations=st.lists(st.builds(FieldViolation, TEXT, TEXT), max_size=4),
    resource=st.none() | st.tuples(TEXT, TEXT.filter(bool)),
    retry_after_s=st.none() | st.integers(0, 10**6).map(lambda ms: ms / 1000),
    metadata=st.dictionaries(TEXT, TEXT, max_size=3),
)


@given(DETAILED)
def test_every_detail_round_trips_through_bytes(error: QuartetError) -> None:
    wire = errors.to_status(error).SerializeToString()
    back = errors.from_status(status_pb2.Status.FromString(wire))
    assert back.retry_after_s == pytest.approx(error.retry_after_s, abs=1e-9)
    back.retry_after_s = error.retry_after_s
    assert everything(back) == everything(error)


def test_an_error_info_is_always_there_and_names_the_domain() -> None:
    info = error_details_pb2.ErrorInfo()
    assert errors.to_status(InternalError("x")).details[0].Unpack(info)
    assert (info.domain, info.reason) == ("quartet", "INTERNAL")


def test_an_invalid_request_names_every_field() -> None:
    error = InvalidRequestError.of([FieldViolation("song.items", "is 9"), FieldViolation("song.caption", "is empty")])
    assert str(error) == "song.items: is 9; song.caption: is empty"


def test_a_missing_resource_is_named() -> None:
    error = NotFoundError.of("model", "xl", "there is turbo")
    assert (str(error), error.resource) == ("model 'xl' does not exist; there is turbo", ("model", "xl"))


def test_the_stage_is_in_the_metadata() -> None:
    assert InternalError("x").stage == ""
    assert InternalError("x", metadata={"stage": "dit"}).stage == "dit"


def test_unknown_codes_and_foreign_details_are_survived() -> None:
    foreign = any_pb2.Any()
    foreign.Pack(wrappers_pb2.StringValue(value="?"))
    error = errors.from_status(
        status_pb2.Status(code=grpc.StatusCode.DATA_LOSS.value[0], message="m", details=[foreign])
    )
    assert everything(error) == everything(InternalError("m"))


def rich(request: bytes, context: grpc.ServicerContext) -> bytes:
    error = errors.OverloadedError("full", retry_after_s=1.5, metadata={"stage": "vae"})
    context.set_trailing_metadata(((errors.STATUS_DETAILS_KEY, errors.to_status(error).SerializeToString()),))
    context.abort(error.code, error.message)


def bare(request: bytes, context: grpc.ServicerContext) -> bytes:
    context.abort(grpc.StatusCode.UNAVAILABLE, "going down")


@pytest.fixture
def channel() -> Iterator[grpc.Channel]:
    methods = {kind.__name__: grpc.unary_unary_rpc_method_handler(kind) for kind in (rich, bare)}
    server = grpc.server(futures.ThreadPoolExecutor(1))
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("failing", methods)])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield channel
    server.stop(None).wait()


def failed(channel: grpc.Channel, method: str) -> QuartetError:
    with pytest.raises(grpc.RpcError) as caught:
        channel.unary_unary(f"/failing/{method}", bytes, bytes)(b"")
    return errors.from_rpc_error(caught.value)


def test_a_failed_call_gives_back_the_error_of_the_server(channel: grpc.Channel) -> None:
    error = failed(channel, "rich")
    assert isinstance(error, errors.OverloadedError)
    assert (error.message, error.retry_after_s, error.stage) == ("full", 1.5, "vae")


def test_a_failed_call_without_details_keeps_its_code(channel: grpc.Channel) -> None:
    error = failed(channel, "bare")
    assert isinstance(error, errors.UnavailableError)
    assert error.message == "going down"
