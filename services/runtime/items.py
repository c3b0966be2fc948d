"""What a queue knows of an item: its ticket while it runs, what it ends with, and how busy the queue is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from quartet.errors import CancelledError, DeadlineError

R = TypeVar("R")


@dataclass(frozen=True)
class Load:
    """How busy a queue is."""

    queued_items: int
    running_items: int
    expected_wait_ns: int


@dataclass(frozen=True)
class Finished(Generic[R]):
    """The last event of an item: its result and where its time went."""

    result: R
    queue_ns: int
    compute_ns: int
    batch_size: int


class Ticket:
    """The compute thread's view of one item."""

    def __init__(self, deadline: float | None, emit: Callable[[Any], None], count_step: Callable[[], None]) -> None:
        self._deadline = deadline
        self._abandoned = threading.Event()
        self._emit = emit
        self._count_step = count_step
        self._emitted = self._taken = 0

    @property
    def unread(self) -> int:
        """Events that the waiting call has not taken yet. Counted by one thread each, so without a lock."""
        return self._emitted - self._taken

    def emit(self, event: Any) -> None:
        """Hands an event to the waiting call; on the compute thread."""
        self._emitted += 1
        self._emit(event)

    def taken(self) -> None:
        """The waiting call has taken an event."""
        self._taken += 1

    def abandon(self) -> None:
        """Marks the item as no longer wanted."""
        self._abandoned.set()

    def check(self) -> None:
        """To be called between steps. Raises CancelledError or DeadlineError where the item must stop."""
        if self._abandoned.is_set():
            raise CancelledError("the caller has gone")
        if self._deadline is not None and time.monotonic() > self._deadline:
            raise DeadlineError("the deadline passed during compute")

    def step_done(self) -> None:
        """To be called after every step: a token, a network evaluation, a window."""
        self._count_step()
