"""Collects what is wrong with a request, so that one answer names every invalid field."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from quartet.errors import FieldViolation, InvalidRequestError
from quartet.tensors import TensorError


class Violations:
    """Gathers violations; leaving the `with` block raises InvalidRequestError if there are any.

    with Violations() as check:
        check.that(request.frames > 0, "frames", "must be at least 1")
    """

    def __init__(self) -> None:
        self._found: list[FieldViolation] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None and self._found:
            raise InvalidRequestError.of(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def add(self, field: str, description: str) -> None:
        """Notes a violation."""
        self._found.append(FieldViolation(field, description))

    def that(self, condition: bool, field: str, description: str) -> bool:
        """Notes a violation unless the condition holds; returns the condition."""
        if not condition:
            self.add(field, description)
        return condition

    def within(self, value: float, low: float, high: float, field: str) -> bool:
        """Notes a violation unless low <= value <= high; NaN and infinities are violations."""
        fits = math.isfinite(value) and low <= value <= high
        return self.that(fits, field, f"is {value:g}, must be within {low:g} and {high:g}")

    def characters(self, text: str, most: int, field: str) -> bool:
        """Notes a violation of a text that is longer."""
        return self.that(len(text) <= most, field, f"has {len(text)} characters, at most {most} are allowed")

    @contextmanager
    def tensor(self, field: str) -> Iterator[None]:
        """Notes a TensorError of the block as a violation of the field."""
        try:
            yield
        except TensorError as error:
            self.add(field, str(error))
