"""The compute queue: a bounded, asyncio-facing queue in front of the one thread that owns a stage's model.

Work is a plain function that runs on that thread. It gets a `Ticket`, through which it emits events to the waiting
call and learns, between steps, that it is no longer wanted. Items run one at a time, in order of arrival.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Generic, Self, TypeVar

from opentelemetry import context as otel_context

from quartet.errors import CancelledError, DeadlineError, OverloadedError, UnavailableError
from serving.telemetry import Telemetry

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


Work = Callable[[Ticket], R]


@dataclass(eq=False)
class _Item:
    work: Work[Any]
    cost: float
    ticket: Ticket
    events: asyncio.Queue[Any]
    arrived_ns: int
    trace: otel_context.Context
    done: asyncio.Future[Finished[Any]] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class ComputeQueue:
    """Runs work on one thread. Enter it before use; leaving it refuses what waits and joins the thread.

    `max_queued_cost` bounds what may wait, in the stage's own unit of cost, such as frames times steps.
    """

    def __init__(self, stage: str, telemetry: Telemetry, *, max_queued_items: int, max_queued_cost: float) -> None:
        self._stage = stage
        self._telemetry = telemetry
        self._max_queued_items = max_queued_items
        self._max_queued_cost = max_queued_cost
        self._waiting: deque[_Item] = deque()
        self._running: _Item | None = None
        self._running_since = 0.0
        self._arrival = asyncio.Event()
        self._seconds_per_cost = 0.0
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"{stage}-compute")
        self._runner: asyncio.Task[None] | None = None
        self.steps_computed = 0

    async def __aenter__(self) -> Self:
        self._runner = asyncio.create_task(self._run(), name=f"{self._stage}-compute")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._running:
            self._running.ticket.abandon()
        if self._runner:
            self._runner.cancel()
            await asyncio.wait([self._runner])
        for item in self._waiting:
            item.done.set_exception(UnavailableError(f"the {self._stage} stage is shutting down"))
        self._waiting.clear()
        await asyncio.to_thread(self._thread.shutdown)

    @property
    def load(self) -> Load:
        """The present load; the wait is predicted from the pace of past items."""
        return Load(
            queued_items=len(self._waiting),
            running_items=1 if self._running else 0,
            expected_wait_ns=int(self._expected_wait() * 1e9),
        )

    async def stream(
        self, work: Work[R], *, cost: float, seconds_left: float | None
    ) -> AsyncGenerator[Any | Finished[R], None]:
        """Runs work; yields what it emits, then `Finished`. Closing the iterator abandons the item.

        Raises OverloadedError where the queue is full, DeadlineError where the item cannot finish in the time that
        the caller has left, and whatever the work raises.
        """
        self._admit(cost, seconds_left)
        loop = asyncio.get_running_loop()
        events: asyncio.Queue[Any] = asyncio.Queue()
        ticket = Ticket(
            deadline=None if seconds_left is None else time.monotonic() + seconds_left,
            emit=lambda event: _post(loop, events, event),
            count_step=self._count_step,
        )
        item = _Item(work, cost, ticket, events, time.monotonic_ns(), otel_context.get_current())
        item.done.add_done_callback(lambda _: events.put_nowait(item.done))
        self._waiting.append(item)
        self._arrival.set()
        try:
            while (event := await events.get()) is not item.done:
                yield event
            yield item.done.result()
        finally:
            self._abandon(item)

    async def run(self, work: Work[R], *, cost: float, seconds_left: float | None) -> Finished[R]:
        """Runs work that emits nothing."""
        async for event in self.stream(work, cost=cost, seconds_left=seconds_left):
            if isinstance(event, Finished):
                return event
        raise AssertionError("a stream ends with Finished or an exception")

    def _admit(self, cost: float, seconds_left: float | None) -> None:
        wait = self._expected_wait()
        if seconds_left is not None and wait + cost * self._seconds_per_cost > seconds_left:
            raise DeadlineError(
                f"the {self._stage} stage needs about {wait + cost * self._seconds_per_cost:.1f} s for this item, "
                f"but its deadline is {seconds_left:.1f} s away",
                reason="DEADLINE_TOO_SHORT",
            )
        queued_cost = sum(item.cost for item in self._waiting)
        full = len(self._waiting) >= self._max_queued_items
        if full or (self._waiting and queued_cost + cost > self._max_queued_cost):
            raise OverloadedError(f"the queue of the {self._stage} stage is full", retry_after_s=max(wait, 0.1))

    def _expected_wait(self) -> float:
        wait = sum(item.cost for item in self._waiting) * self._seconds_per_cost
        if self._running:
            spent = time.monotonic() - self._running_since
            wait += max(0.0, self._running.cost * self._seconds_per_cost - spent)
        return wait

    def _abandon(self, item: _Item) -> None:
        item.ticket.abandon()
        if item in self._waiting:
            self._waiting.remove(item)
        item.done.cancel()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            while not self._waiting:
                self._arrival.clear()
                await self._arrival.wait()
            item = self._running = self._waiting.popleft()
            started_ns = time.monotonic_ns()
            self._running_since = time.monotonic()
            try:
                result = await loop.run_in_executor(self._thread, _attempt, item)
            except asyncio.CancelledError:
                item.done.cancel()
                raise
            except Exception as error:
                if not item.done.done():
                    item.done.set_exception(error)
            else:
                self._finish(item, started_ns, result)
            finally:
                self._running = None

    def _finish(self, item: _Item, started_ns: int, result: Any) -> None:
        ended_ns = time.monotonic_ns()
        compute_ns = ended_ns - started_ns
        pace = compute_ns / 1e9 / max(item.cost, 1e-9)
        self._seconds_per_cost = pace if not self._seconds_per_cost else 0.8 * self._seconds_per_cost + 0.2 * pace
        attributes: dict[str, str | int] = {"quartet.stage": self._stage, "quartet.batch_size": 1}
        phases = {"queue": (item.arrived_ns, started_ns), "compute": (started_ns, ended_ns)}
        self._telemetry.record_phases(phases, item.trace, attributes)
        if not item.done.done():
            item.done.set_result(Finished(result, started_ns - item.arrived_ns, compute_ns, batch_size=1))

    def _count_step(self) -> None:
        self.steps_computed += 1


def _attempt(item: _Item) -> Any:
    item.ticket.check()
    return item.work(item.ticket)


def _post(loop: asyncio.AbstractEventLoop, events: asyncio.Queue[Any], event: Any) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(events.put_nowait, event)
