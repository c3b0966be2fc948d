"""Every error that Quartet reports, as exceptions here and as google.rpc.Status on the wire.

Servers raise these and `to_status` packs them with standard details: `BadRequest` with every invalid field,
`ResourceInfo` for what is missing, `RetryInfo` where a later try may pass, `ErrorInfo` always. Clients get the same
exceptions back from `from_rpc_error`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.rpc import error_details_pb2, status_pb2

DOMAIN = "quartet"
STATUS_DETAILS_KEY = "grpc-status-details-bin"


@dataclass(frozen=True)
class FieldViolation:
    """One invalid field: its path in the request and what is wrong with it, with the fix."""

    field: str
    description: str


class QuartetError(Exception):
    """Base of all errors. `reason` is UPPER_SNAKE and stable; `message` is for people."""

    code: ClassVar[grpc.StatusCode] = grpc.StatusCode.INTERNAL
    default_reason: ClassVar[str] = "INTERNAL"

    def __init__(
        self,
        message: str,
        *,
        reason: str | None = None,
        violations: Iterable[FieldViolation] = (),
        resource: tuple[str, str] | None = None,
        retry_after_s: float | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason or self.default_reason
        self.violations = tuple(violations)
        self.resource = resource
        self.retry_after_s = retry_after_s
        self.metadata = dict(metadata or {})

    @property
    def stage(self) -> str:
        """Stage that the error came from; empty where it was the server that was called."""
        return self.metadata.get("stage", "")


class InternalError(QuartetError):
    """A defect or a broken invariant on the server."""


class InvalidRequestError(QuartetError):
    """Invalid fields, all of them at once."""

    code = grpc.StatusCode.INVALID_ARGUMENT
    default_reason = "INVALID_REQUEST"

    @classmethod
    def of(cls, violations: Iterable[FieldViolation]) -> InvalidRequestError:
        """Builds the error, its message naming every field."""
        listed = tuple(violations)
        return cls("; ".join(f"{v.field}: {v.description}" for v in listed), violations=listed)


class NotFoundError(QuartetError):
    """A named resource does not exist."""

    code = grpc.StatusCode.NOT_FOUND
    default_reason = "NOT_FOUND"

    @classmethod
    def of(cls, kind: str, name: str, hint: str = "") -> NotFoundError:
        """Builds the error for a resource of a kind; `hint` says what there is instead."""
        return cls(f"{kind} {name!r} does not exist{'; ' + hint if hint else ''}", resource=(kind, name))


class ConflictError(QuartetError):
    """The request does not fit the state of what it names."""

    code = grpc.StatusCode.FAILED_PRECONDITION
    default_reason = "FAILED_PRECONDITION"


class AlreadyExistsError(QuartetError):
    """The id is taken by something else."""

    code = grpc.StatusCode.ALREADY_EXISTS
    default_reason = "ALREADY_EXISTS"


class OverloadedError(QuartetError):
    """A queue is full; `retry_after_s` says when to come back."""

    code = grpc.StatusCode.RESOURCE_EXHAUSTED
    default_reason = "QUEUE_FULL"


class UnavailableError(QuartetError):
    """A server is down, draining or not ready."""

    code = grpc.StatusCode.UNAVAILABLE
    default_reason = "UNAVAILABLE"


class DeadlineError(QuartetError):
    """The deadline passed or cannot be met."""

    code = grpc.StatusCode.DEADLINE_EXCEEDED
    default_reason = "DEADLINE_EXCEEDED"


class CancelledError(QuartetError):
    """The caller or an operator cancelled the work."""

    code = grpc.StatusCode.CANCELLED
    default_reason = "CANCELLED"


class UnimplementedError(QuartetError):
    """The server does not offer this method."""

    code = grpc.StatusCode.UNIMPLEMENTED
    default_reason = "UNIMPLEMENTED"


_BY_CODE: dict[grpc.StatusCode, type[QuartetError]] = {
    error.code: error
    for error in (
        InternalError,
        InvalidRequestError,
        NotFoundError,
        ConflictError,
        AlreadyExistsError,
        OverloadedError,
        UnavailableError,
        DeadlineError,
        CancelledError,
        UnimplementedError,
    )
}


def to_status(error: QuartetError) -> status_pb2.Status:
    """Packs an error with its details."""
    info = error_details_pb2.ErrorInfo(domain=DOMAIN, reason=error.reason, metadata=error.metadata)
    details: list[any_pb2.Any] = [_packed(info)]
    if error.violations:
        bad_request = error_details_pb2.BadRequest(
            field_violations=[
                error_details_pb2.BadRequest.FieldViolation(field=v.field, description=v.description)
                for v in error.violations
            ]
        )
        details.append(_packed(bad_request))
    if error.resource:
        kind, name = error.resource
        details.append(_packed(error_details_pb2.ResourceInfo(resource_type=kind, resource_name=name)))
    if error.retry_after_s is not None:
        delay = duration_pb2.Duration()
        delay.FromNanoseconds(round(error.retry_after_s * 1e9))
        details.append(_packed(error_details_pb2.RetryInfo(retry_delay=delay)))
    return status_pb2.Status(code=error.code.value[0], message=error.message, details=details)


def from_status(status: status_pb2.Status) -> QuartetError:
    """Unpacks what `to_status` packed; details of other domains are ignored."""
    code = next((code for code in grpc.StatusCode if code.value[0] == status.code), grpc.StatusCode.UNKNOWN)
    info, bad_request = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    resource, retry = error_details_pb2.ResourceInfo(), error_details_pb2.RetryInfo()
    found = {
        detail.DESCRIPTOR.full_name
        for packed in status.details
        for detail in (info, bad_request, resource, retry)
        if packed.Unpack(detail)
    }
    return _BY_CODE.get(code, InternalError)(
        status.message,
        reason=info.reason or None,
        violations=[FieldViolation(v.field, v.description) for v in bad_request.field_violations],
        resource=(resource.resource_type, resource.resource_name) if resource.resource_name else None,
        retry_after_s=(retry.retry_delay.ToNanoseconds() / 1e9 if "google.rpc.RetryInfo" in found else None),
        metadata=info.metadata,
    )


def error_of_code(code: int, message: str, *, reason: str, metadata: Mapping[str, str]) -> QuartetError:
    """The exception of a google.rpc.Code."""
    kind = next((kind for status, kind in _BY_CODE.items() if status.value[0] == code), InternalError)
    return kind(message, reason=reason, metadata=metadata)


def has_details(error: grpc.RpcError) -> bool:
    """Whether a server of ours answered, rather than the transport."""
    return _packed_status(error) is not None


def from_rpc_error(error: grpc.RpcError) -> QuartetError:
    """Turns a failed call of grpc or grpc.aio into the exception that the server raised."""
    if (packed := _packed_status(error)) is not None:
        return from_status(status_pb2.Status.FromString(packed))
    code, details = error.code(), error.details()
    return _BY_CODE.get(code, InternalError)(details or code.name, reason=code.name)


def _packed_status(error: grpc.RpcError) -> bytes | None:
    trailing: Iterable[Any] = error.trailing_metadata() or ()  # pairs; the stubs know only half of them
    return next((value for key, value in trailing if key == STATUS_DETAILS_KEY), None)


def _packed(message: error_details_pb2.ErrorInfo | object) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(message)  # type: ignore[arg-type]
    return packed
