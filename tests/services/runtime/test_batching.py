"""The batch queue: items join and leave between steps, and every end reaches its caller."""

from __future__ import annotations

import asyncio
import threading

import pytest

from quartet.errors import CancelledError, DeadlineError, InternalError, OverloadedError, UnavailableError
from services.runtime import batching
from services.runtime.batching import BatchQueue, Member
from services.runtime.items import Finished, Ticket
from serving.telemetry import Telemetry
from tests.support.waiting import until


class Counter(Member):
    """Counts down one per step."""

    def __init__(self, ticket: Ticket, steps: int) -> None:
        super().__init__(ticket)
        self.left = steps


class Counting:
    """A stepper with two places. Steps wait for the gate where there is one."""

    def __init__(self) -> None:
        self.members: list[Counter] = []
        self.gate: threading.Event | None = None
        self.threads: set[int] = set()
        self.most = 0
        self.left: list[int] = []

    def join(self, work: int, ticket: Ticket) -> Counter | None:
        if work < 0:
            raise InternalError("cannot count to less than nothing")
        if len(self.members) == 2:
            return None
        self.members.append(Counter(ticket, work))
        return self.members[-1]

    def ready(self) -> bool:
        return bool(self.members)

    def step(self) -> None:
        if self.gate:
            self.gate.wait()
        self.threads.add(threading.get_ident())
        self.most = max(self.most, len(self.members))
        for member in self.members:
            member.shared_with(len(self.members))
            member.ticket.step_done()
            member.left -= 1
            member.ticket.emit(member.left)
            if member.left == 13:
                raise InternalError("thirteen")
            if member.left <= 0:
                member.finish("done")

    def leave(self, member: Member) -> None:
        self.members = [other for other in self.members if other is not member]
        self.left.append(1)


def queue_of(stepper: Counting, **limits: float) -> BatchQueue[int]:
    settings = {"max_queued_items": 8, "max_queued_cost": 1e9, **limits}
    return BatchQueue("test", stepper, Telemetry.off(), **settings)  # type: ignore[arg-type]


async def test_items_step_together_and_report_it() -> None:
    stepper = Counting()
    stepper.gate = threading.Event()
    async with queue_of(stepper) as queue:
        items = [asyncio.create_task(queue.run(5, cost=1, seconds_left=None)) for _ in range(2)]
        await until(lambda: queue.load.running_items + queue.load.queued_items >= 2)
        stepper.gate.set()
        finished = await asyncio.gather(*items)
    assert [item.result for item in finished] == ["done", "done"]
    assert stepper.most == 2
    assert max(item.batch_size for item in finished) == 2
    assert len(stepper.threads) == 1
    assert stepper.left == [1, 1]


async def test_an_item_without_room_waits_its_turn() -> None:
    stepper = Counting()
    async with queue_of(stepper) as queue:
        finished = await asyncio.gather(*(queue.run(3, cost=1, seconds_left=None) for _ in range(5)))
    assert len(finished) == 5
    assert stepper.most == 2


async def test_events_come_before_the_end() -> None:
    async with queue_of(Counting()) as queue:
        events = [event async for event in queue.stream(3, cost=1, seconds_left=None)]
    assert events[:-1] == [2, 1, 0]
    assert isinstance(events[-1], Finished)


async def test_a_refused_item_leaves_the_others_alone() -> None:
    async with queue_of(Counting()) as queue:
        runs = (queue.run(steps, cost=1, seconds_left=None) for steps in (-1, 2))
        ends = await asyncio.gather(*runs, return_exceptions=True)
    assert isinstance(ends[0], InternalError)
    assert isinstance(ends[1], Finished)


async def test_a_failed_step_ends_its_items_and_the_queue_goes_on() -> None:
    async with queue_of(Counting()) as queue:
        with pytest.raises(InternalError, match="thirteen"):
            await queue.run(20, cost=1, seconds_left=None)
        assert (await queue.run(2, cost=1, seconds_left=None)).result == "done"


async def test_a_cancelled_item_leaves_at_the_next_step() -> None:
    stepper = Counting()
    async with queue_of(stepper) as queue:
        stream = queue.stream(10**9, cost=1, seconds_left=None)
        await anext(stream)
        await stream.aclose()
        assert (await queue.run(2, cost=1, seconds_left=None)).result == "done"
        assert queue.load.running_items == 0
    assert stepper.members == []


async def test_deadlines_act_in_the_queue_and_in_the_batch() -> None:
    stepper = Counting()
    stepper.gate = threading.Event()
    async with queue_of(stepper) as queue:
        held = [asyncio.create_task(queue.run(3, cost=1, seconds_left=None)) for _ in range(2)]
        await until(lambda: queue.load.running_items + queue.load.queued_items >= 2)
        with pytest.raises(DeadlineError, match="in the queue"):
            await queue.run(3, cost=1, seconds_left=0.05)
        stepper.gate.set()
        await asyncio.gather(*held)
        with pytest.raises(DeadlineError, match="during compute"):
            await queue.run(10**9, cost=0, seconds_left=0.05)


async def test_a_full_queue_says_when_to_come_back() -> None:
    stepper = Counting()
    stepper.gate = threading.Event()
    async with queue_of(stepper, max_queued_items=2) as queue:
        held = [asyncio.create_task(queue.run(3, cost=1, seconds_left=None)) for _ in range(2)]
        await until(lambda: queue.load.running_items + queue.load.queued_items >= 2)
        waiting = [asyncio.create_task(queue.run(3, cost=1, seconds_left=None)) for _ in range(3)]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        stepper.gate.set()
        ends = await asyncio.gather(*held, *waiting, return_exceptions=True)
    refused = [end for end in ends if isinstance(end, OverloadedError)]
    assert refused
    assert all(error.retry_after_s for error in refused)
    assert sum(isinstance(end, Finished) for end in ends) == 5 - len(refused)


async def test_leaving_fails_what_runs_and_what_waits() -> None:
    stepper = Counting()
    async with queue_of(stepper) as queue:
        running = [asyncio.create_task(queue.run(10**9, cost=1, seconds_left=None)) for _ in range(3)]
        await until(lambda: queue.load.running_items >= 2)
    errors = await asyncio.gather(*running, return_exceptions=True)
    assert all(isinstance(error, UnavailableError | CancelledError) for error in errors)
    with pytest.raises(UnavailableError):
        await queue.run(1, cost=1, seconds_left=None)


class Door:
    """A turnstile that counts who comes in."""

    def __init__(self) -> None:
        self.entered = self.inside = 0

    def __enter__(self) -> None:
        self.entered += 1
        self.inside += 1

    def __exit__(self, *_: object) -> None:
        self.inside -= 1


class Watching(Counting):
    """Steps and takes items in only inside."""

    def __init__(self, door: Door) -> None:
        super().__init__()
        self.door = door

    def join(self, work: int, ticket: Ticket) -> Counter | None:
        assert self.door.inside == 1
        return super().join(work, ticket)

    def step(self) -> None:
        assert self.door.inside == 1
        super().step()


async def test_the_device_is_held_for_many_short_steps_and_let_go_of_at_rest() -> None:
    door = Door()
    settings = {"max_queued_items": 8, "max_queued_cost": 1e9}
    async with BatchQueue("test", Watching(door), Telemetry.off(), turnstile=door, **settings) as queue:  # type: ignore[arg-type]
        await queue.run(12, cost=1, seconds_left=None)
        await until(lambda: not door.inside)
        assert door.entered < 12
        assert (await queue.run(3, cost=1, seconds_left=None)).result == "done"


async def test_a_turn_ends_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "TURN_SECONDS", 0.0)
    door = Door()
    settings = {"max_queued_items": 8, "max_queued_cost": 1e9}
    async with BatchQueue("test", Watching(door), Telemetry.off(), turnstile=door, **settings) as queue:  # type: ignore[arg-type]
        await queue.run(12, cost=1, seconds_left=None)
    assert door.entered >= 12


class BrokenDoor(Door):
    """A turnstile that fails as one leaves it, as a device may."""

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        if self.entered == 1:
            raise OSError("the device is gone")


async def test_an_error_of_the_device_reaches_those_who_wait_and_the_next_are_served(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(batching, "TURN_SECONDS", 0.0)
    door = BrokenDoor()
    settings = {"max_queued_items": 8, "max_queued_cost": 1e9}
    async with BatchQueue("test", Watching(door), Telemetry.off(), turnstile=door, **settings) as queue:  # type: ignore[arg-type]
        first = asyncio.create_task(queue.run(10**7, cost=1, seconds_left=None))
        with pytest.raises(OSError, match="the device is gone"):
            await first
        assert (await queue.run(3, cost=1, seconds_left=None)).result == "done"


async def test_a_warm_up_says_nothing_of_how_long_others_take() -> None:
    """A slow item of little cost, such as the first one of a process, would have everything else refused."""
    async with queue_of(Counting()) as queue:
        await queue.run(3, cost=1e-9, seconds_left=None)
        with pytest.raises(DeadlineError, match="needs about"):
            await queue.run(3, cost=1e6, seconds_left=60)
        queue.forget_pace()
        assert (await queue.run(3, cost=1e6, seconds_left=60)).result == "done"
        await queue.run(3, cost=1e-9, seconds_left=None)
        assert (await queue.run(3, cost=1e6, seconds_left=60)).result == "done"
