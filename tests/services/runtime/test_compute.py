"""The compute queue runs work one at a time, bounds what waits, and lets go of what is no longer wanted."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest

from quartet.errors import DeadlineError, OverloadedError, UnavailableError
from services.runtime.compute import ComputeQueue, Finished, Ticket
from serving.telemetry import Telemetry


@pytest.fixture
async def queue() -> AsyncIterator[ComputeQueue]:
    async with ComputeQueue("test", Telemetry.off(), max_queued_items=2, max_queued_cost=10) as queue:
        yield queue


async def collect(queue: ComputeQueue, work: Any) -> list[Any]:
    return [event async for event in queue.stream(work, cost=1, seconds_left=None)]


async def test_events_come_in_order_and_the_result_last(queue: ComputeQueue) -> None:
    def work(ticket: Ticket) -> str:
        for step in range(3):
            ticket.emit(step)
            ticket.step_done()
        return "done"

    *events, last = await collect(queue, work)
    assert events == [0, 1, 2]
    assert isinstance(last, Finished)
    assert last.result == "done"
    assert last.compute_ns > 0
    assert queue.steps_computed == 3


async def test_what_the_work_raises_reaches_the_caller(queue: ComputeQueue) -> None:
    def work(ticket: Ticket) -> None:
        raise ValueError("no such thing")

    with pytest.raises(ValueError, match="no such thing"):
        await queue.run(work, cost=1, seconds_left=None)
    assert (await queue.run(lambda ticket: 1, cost=1, seconds_left=None)).result == 1


class Blocking:
    """Work that has started when `started` is set and goes on when `resume` is."""

    def __init__(self) -> None:
        self.started, self.resume, self.stopped = threading.Event(), threading.Event(), threading.Event()

    def __call__(self, ticket: Ticket) -> str:
        self.started.set()
        self.resume.wait(10)
        try:
            ticket.check()
        except Exception:
            self.stopped.set()
            raise
        return "done"


async def test_a_cancelled_caller_stops_the_work_at_its_next_check(queue: ComputeQueue) -> None:
    work = Blocking()
    call = asyncio.create_task(queue.run(work, cost=1, seconds_left=None))
    await asyncio.to_thread(work.started.wait, 10)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    work.resume.set()
    assert await asyncio.to_thread(work.stopped.wait, 10)
    assert (await queue.run(lambda ticket: "next", cost=1, seconds_left=None)).result == "next"


async def test_a_caller_that_leaves_the_queue_is_never_run(queue: ComputeQueue) -> None:
    running, waiting = Blocking(), Blocking()
    first = asyncio.create_task(queue.run(running, cost=1, seconds_left=None))
    await asyncio.to_thread(running.started.wait, 10)
    second = asyncio.create_task(queue.run(waiting, cost=1, seconds_left=None))
    while not queue.load.queued_items:
        await asyncio.sleep(0)
    second.cancel()
    running.resume.set()
    assert (await first).result == "done"
    await queue.run(lambda ticket: None, cost=1, seconds_left=None)
    assert not waiting.started.is_set()


async def test_a_full_queue_says_when_to_come_back(queue: ComputeQueue) -> None:
    work = Blocking()
    async with asyncio.TaskGroup() as group:
        group.create_task(queue.run(work, cost=1, seconds_left=None))
        await asyncio.to_thread(work.started.wait, 10)
        for _ in range(2):
            group.create_task(queue.run(lambda ticket: None, cost=1, seconds_left=None))
        while queue.load.queued_items < 2:
            await asyncio.sleep(0)
        with pytest.raises(OverloadedError) as refused:
            await queue.run(lambda ticket: None, cost=1, seconds_left=None)
        assert refused.value.retry_after_s is not None
        work.resume.set()


async def test_cost_bounds_the_queue_but_a_large_item_may_wait_alone(queue: ComputeQueue) -> None:
    work = Blocking()
    async with asyncio.TaskGroup() as group:
        group.create_task(queue.run(work, cost=1, seconds_left=None))
        await asyncio.to_thread(work.started.wait, 10)
        group.create_task(queue.run(lambda ticket: None, cost=50, seconds_left=None))
        while not queue.load.queued_items:
            await asyncio.sleep(0)
        with pytest.raises(OverloadedError):
            await queue.run(lambda ticket: None, cost=1, seconds_left=None)
        work.resume.set()


async def test_a_deadline_that_passes_stops_the_work(queue: ComputeQueue) -> None:
    def work(ticket: Ticket) -> None:
        while True:
            ticket.check()

    with pytest.raises(DeadlineError, match="during compute"):
        await queue.run(work, cost=1, seconds_left=0.05)


async def test_a_deadline_that_cannot_be_met_is_refused_at_once(queue: ComputeQueue) -> None:
    slow = threading.Event()

    def paced(ticket: Ticket) -> None:
        slow.wait(0.05)

    await queue.run(paced, cost=1, seconds_left=None)
    with pytest.raises(DeadlineError) as refused:
        await queue.run(paced, cost=1_000_000, seconds_left=1)
    assert refused.value.reason == "DEADLINE_TOO_SHORT"


async def test_leaving_refuses_what_waits() -> None:
    work = Blocking()
    async with ComputeQueue("test", Telemetry.off(), max_queued_items=2, max_queued_cost=10) as queue:
        first = asyncio.create_task(queue.run(work, cost=1, seconds_left=None))
        await asyncio.to_thread(work.started.wait, 10)
        second = asyncio.create_task(queue.run(work, cost=1, seconds_left=None))
        while not queue.load.queued_items:
            await asyncio.sleep(0)
        work.resume.set()
    with pytest.raises(UnavailableError):
        await second
    await asyncio.wait([first])
