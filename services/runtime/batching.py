"""Continuous batching: an asyncio-facing queue in front of one thread that steps many items together.

The thread owns a `Stepper`, which holds the model. Between steps items join, leave, and are dropped when nobody waits
for them any more or their deadline has passed. An item that finds no room waits, in order of arrival.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, Self, TypeVar

from opentelemetry import context as otel_context

from quartet.errors import DeadlineError, InternalError, OverloadedError, UnavailableError
from services.runtime.items import Finished, Load, Ticket
from serving.telemetry import Telemetry

W = TypeVar("W")
W_contra = TypeVar("W_contra", contravariant=True)


# How long one stage computes before another on the same device has its turn. A step may be a token or seconds of the
# sampler: turns of single steps would leave a planner a token for each of those.
TURN_SECONDS = 1.0
_PACE_MEMORY = 0.8
_A_MOMENT = 1e-3  # later than the deadline by more than the clock's resolution


class Member:
    """An item in the batch. The stepper sets its end; the queue hands it to the waiting call.

    `batch_size` is the largest number of items that shared a forward pass with it, itself included.
    """

    def __init__(self, ticket: Ticket) -> None:
        self.ticket = ticket
        self.batch_size = 1
        self.ended = False
        self.result: Any = None
        self.error: Exception | None = None

    def shared_with(self, items: int) -> None:
        """Notes a forward pass of so many items."""
        self.batch_size = max(self.batch_size, items)

    def finish(self, result: Any) -> None:
        """Ends the item well."""
        self.ended, self.result = True, result

    def fail(self, error: Exception) -> None:
        """Ends the item with an error."""
        self.ended, self.error = True, error


class Stepper(Protocol[W_contra]):
    """What the compute thread drives. Only that thread calls it."""

    def join(self, work: W_contra, ticket: Ticket) -> Member | None:
        """Takes an item into the batch; None where there is no room now. Raises where it can never be taken."""

    def ready(self) -> bool:
        """Whether a step would get any member further; where not, the thread rests until a call takes what it has."""

    def step(self) -> None:
        """One forward pass of members."""

    def leave(self, member: Member) -> None:
        """Frees what a member held, ended or not."""


@dataclass(eq=False)
class _Item(Generic[W]):
    work: W
    cost: float
    ticket: Ticket
    events: asyncio.Queue[Any]
    arrived_ns: int
    trace: otel_context.Context
    done: asyncio.Future[Finished[Any]] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    joined_ns: int = 0
    member: Member | None = None


class BatchQueue(Generic[W]):
    """Steps items on one thread. Enter it before use; leaving it fails what waits and what runs, and joins the thread.

    `max_queued_cost` bounds what may wait, in the stage's own unit of cost, such as tokens to write. The thread holds
    the turnstile, where there is one, whenever the stepper computes, and lets go of it between steps after a second.
    """

    def __init__(
        self,
        stage: str,
        stepper: Stepper[W],
        telemetry: Telemetry,
        *,
        max_queued_items: int,
        max_queued_cost: float,
        turnstile: AbstractContextManager[object] | None = None,
    ) -> None:
        self._turnstile = turnstile or nullcontext()
        self._stage = stage
        self._stepper = stepper
        self._telemetry = telemetry
        self._max_queued_items = max_queued_items
        self._max_queued_cost = max_queued_cost
        self._changed = threading.Condition()
        self._waiting: deque[_Item[W]] = deque()
        self._members: list[_Item[W]] = []
        self._closing = False
        self._roused = False
        self._paced_seconds = self._paced_cost = 0.0
        self._thread = threading.Thread(target=self._work, name=f"{stage}-compute", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self.steps_computed = 0

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._thread.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing = True
        self._rouse()
        await asyncio.to_thread(self._thread.join)

    @property
    def load(self) -> Load:
        """The present load; the wait is predicted from the pace of past items."""
        with self._changed:
            return Load(len(self._waiting), len(self._members), int(self._expected_wait() * 1e9))

    async def stream(
        self, work: W, *, cost: float, seconds_left: float | None
    ) -> AsyncGenerator[Any | Finished[Any], None]:
        """Runs an item; yields what it emits, then `Finished`. Closing the iterator drops the item.

        Raises OverloadedError where the queue is full, DeadlineError where the item cannot finish in the time that
        the caller has left, and whatever the stepper fails the item with.
        """
        loop = asyncio.get_running_loop()
        events: asyncio.Queue[Any] = asyncio.Queue()
        ticket = Ticket(
            deadline=None if seconds_left is None else time.monotonic() + seconds_left,
            emit=lambda event: self._post(events.put_nowait, event),
            count_step=self._count_step,
        )
        item = _Item(work, cost, ticket, events, time.monotonic_ns(), otel_context.get_current())
        item.done.add_done_callback(lambda _: events.put_nowait(item.done))
        with self._changed:
            self._admit(cost, seconds_left)
            self._waiting.append(item)
        self._rouse()
        expiry = None if seconds_left is None else loop.call_later(seconds_left + _A_MOMENT, self._expire, item)
        try:
            while (event := await events.get()) is not item.done:
                yield event
                ticket.taken()
                self._rouse()
            yield item.done.result()
        finally:
            if expiry:
                expiry.cancel()
            self._abandon(item)

    async def run(self, work: W, *, cost: float, seconds_left: float | None) -> Finished[Any]:
        """Runs an item, leaving aside what it emits."""
        async for event in self.stream(work, cost=cost, seconds_left=seconds_left):
            if isinstance(event, Finished):
                return event
        raise AssertionError("a stream ends with Finished or an exception")

    def _admit(self, cost: float, seconds_left: float | None) -> None:
        if self._closing:
            raise UnavailableError(f"the {self._stage} stage is shutting down")
        needed = self._expected_wait() + cost * self._seconds_per_cost
        if seconds_left is not None and needed > seconds_left:
            raise DeadlineError(
                f"the {self._stage} stage needs about {needed:.1f} s for this item, but its deadline is "
                f"{seconds_left:.1f} s away",
                reason="DEADLINE_TOO_SHORT",
            )
        queued_cost = sum(item.cost for item in self._waiting)
        full = len(self._waiting) >= self._max_queued_items
        if full or (self._waiting and queued_cost + cost > self._max_queued_cost):
            wait = max(self._expected_wait(), 0.1)
            raise OverloadedError(f"the queue of the {self._stage} stage is full", retry_after_s=wait)

    def forget_pace(self) -> None:
        """Unlearns how long items take: after one that warmed up, which says nothing of others."""
        self._paced_seconds = self._paced_cost = 0.0

    @property
    def _seconds_per_cost(self) -> float:
        """The pace of past items, later and larger ones counting more; 0 before the first."""
        return self._paced_seconds / self._paced_cost if self._paced_cost else 0.0

    def _expected_wait(self) -> float:
        """What waits is served as wide as what runs."""
        queued_cost = sum(item.cost for item in self._waiting)
        return queued_cost * self._seconds_per_cost / max(len(self._members), 1)

    def _abandon(self, item: _Item[W]) -> None:
        item.ticket.abandon()
        with self._changed:
            if item in self._waiting:
                self._waiting.remove(item)
        self._rouse()
        item.done.cancel()

    def _expire(self, item: _Item[W]) -> None:
        """A deadline in the queue ends the wait; in the batch it is noticed before the next step."""
        self._rouse()
        with self._changed:
            if item not in self._waiting:
                return
            self._waiting.remove(item)
        item.done.set_exception(DeadlineError("the deadline passed in the queue"))

    def _rouse(self) -> None:
        """Something has changed that the compute thread should look at."""
        with self._changed:
            self._roused = True
            self._changed.notify()

    def _work(self) -> None:
        while self._has_work():
            self._drop_unwanted()
            if self._waiting or self._stepper.ready():
                try:
                    with self._turnstile:
                        self._take_turn()
                except Exception as error:  # the device or the turnstile, as the steps' own errors end in their items
                    self._end_all(error)
        self._end_all(UnavailableError(f"the {self._stage} stage is shutting down"))

    def _end_all(self, error: Exception) -> None:
        with self._changed:
            left = [*self._members, *self._waiting]
            self._waiting.clear()
        for item in left:
            self._end(item, error)

    def _has_work(self) -> bool:
        """Waits for some; false once the queue is left."""
        with self._changed:
            while not (self._closing or self._roused or self._stepper.ready()):
                self._changed.wait()
            self._roused = False
            return not self._closing

    def _take_turn(self) -> None:
        """Steps until there is nothing to step, or others may have waited long enough."""
        until = time.monotonic() + TURN_SECONDS
        while not self._closing:
            self._join_waiting()
            if not self._stepper.ready():
                return
            self._step()
            self._drop_unwanted()
            if time.monotonic() >= until:
                return

    def _drop_unwanted(self) -> None:
        for item in tuple(self._members):
            try:
                item.ticket.check()
            except Exception as error:
                self._end(item, error)

    def _join_waiting(self) -> None:
        while True:
            with self._changed:
                if not self._waiting:
                    return
                item = self._waiting[0]
            try:
                item.ticket.check()
                joining_ns = time.monotonic_ns()  # taking an item in computes too: the keys and values of its condition
                item.member = self._stepper.join(item.work, item.ticket)
                if item.member is None and not self._members:
                    raise InternalError(f"the empty {self._stage} engine has no room for an item")
            except Exception as error:
                self._take(item)
                self._end(item, error)
                continue
            if item.member is None:
                return
            item.joined_ns = joining_ns
            if self._take(item):
                self._members.append(item)
            else:
                self._stepper.leave(item.member)

    def _take(self, item: _Item[W]) -> bool:
        """False where the item was abandoned meanwhile."""
        with self._changed:
            if item not in self._waiting:
                return False
            self._waiting.remove(item)
            return True

    def _step(self) -> None:
        try:
            self._stepper.step()
        except Exception as error:
            for item in tuple(self._members):
                self._end(item, error)
            return
        for item in tuple(self._members):
            if item.member and item.member.ended:
                self._end(item, item.member.error)

    def _end(self, item: _Item[W], error: Exception | None) -> None:
        if item.member:
            self._stepper.leave(item.member)
        with self._changed:
            self._roused = True  # there may be room for another
            if item in self._members:
                self._members.remove(item)
        if error is not None or item.member is None:
            self._post(_fail, item.done, error)
            return
        ended_ns = time.monotonic_ns()
        self._paced_seconds = _PACE_MEMORY * self._paced_seconds + (ended_ns - item.joined_ns) / 1e9
        self._paced_cost = _PACE_MEMORY * self._paced_cost + item.cost
        attributes: dict[str, str | int] = {"quartet.stage": self._stage, "quartet.batch_size": item.member.batch_size}
        phases = {"queue": (item.arrived_ns, item.joined_ns), "compute": (item.joined_ns, ended_ns)}
        self._telemetry.record_phases(phases, item.trace, attributes)
        finished = Finished(
            item.member.result, item.joined_ns - item.arrived_ns, ended_ns - item.joined_ns, item.member.batch_size
        )
        self._post(_succeed, item.done, finished)

    def _count_step(self) -> None:
        self.steps_computed += 1

    def _post(self, call: Any, *arguments: Any) -> None:
        if self._loop and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(call, *arguments)


def _succeed(done: asyncio.Future[Finished[Any]], finished: Finished[Any]) -> None:
    if not done.done():
        done.set_result(finished)


def _fail(done: asyncio.Future[Finished[Any]], error: Exception) -> None:
    if not done.done():
        done.set_exception(error)
