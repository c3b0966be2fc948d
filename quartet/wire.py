"""Values of the contract that every message has: choices by name, fields that may be unset, durations, seeds."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, TypeVar

from google.protobuf import duration_pb2

E = TypeVar("E", bound=StrEnum)


def optional(message: Any, field: str) -> Any:
    """The value of a field with presence; None where it is not set."""
    return getattr(message, field) if message.HasField(field) else None


def wire_name(kind: type[E], choice: E | str | None, prefix: str) -> Any:
    """The name in the contract of a choice, unspecified for none. Raises ValueError where there is none such."""
    try:
        return f"{prefix}_{kind(choice).name if choice else 'UNSPECIFIED'}"
    except ValueError:
        raise ValueError(f"{choice!r} is none of {', '.join(kind)}") from None


def chosen(kind: type[E], enum: Any, number: int, prefix: str) -> E | None:
    """The choice of a number in an enum of the contract; None for unspecified, and for those of newer contracts."""
    if number not in enum.values():
        return None
    return kind.__members__.get(enum.Name(number).removeprefix(f"{prefix}_"))


def duration_message(seconds: float | None) -> duration_pb2.Duration | None:
    """Seconds as a duration, to the nanosecond; None stays unset."""
    if seconds is None:
        return None
    duration = duration_pb2.Duration()
    duration.FromNanoseconds(round(seconds * 1e9))
    return duration


def given_seeds(seeds: Sequence[int]) -> tuple[int, ...]:
    """Seeds by position for a message, where -1 is an open one: at the end it is left out, before others drawn."""
    last = max((place for place, seed in enumerate(seeds, 1) if seed != -1), default=0)
    return tuple(secrets.randbits(32) if seed == -1 else seed for seed in seeds[:last])


def seconds_of(duration: duration_pb2.Duration) -> float:
    """A duration in seconds; 0 where it is not set."""
    return duration.ToNanoseconds() / 1e9
