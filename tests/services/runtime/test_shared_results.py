"""Results are computed once, shared by those who wait, and kept within bounds."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quartet.errors import DeadlineError, InternalError
from services.runtime.shared_results import CacheCounts, SharedResults


def results(max_bytes: int = 100) -> SharedResults[bytes]:
    return SharedResults(max_bytes, len)


class Computing:
    """Computes when told; counts how often it began and how often it was cancelled."""

    def __init__(self, error: Exception | None = None) -> None:
        self.begun = self.cancelled = 0
        self.go = asyncio.Event()
        self._error = error

    async def __call__(self) -> bytes:
        self.begun += 1
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self._error:
            raise self._error
        return b"result"


async def test_equal_calls_compute_once_and_later_ones_not_at_all() -> None:
    shared, computing = results(), Computing()
    calls = [asyncio.create_task(shared.computed(b"key", computing)) for _ in range(3)]
    await asyncio.sleep(0)
    computing.go.set()
    assert await asyncio.gather(*calls) == [b"result"] * 3
    assert shared.held(b"key") == b"result"
    assert shared.held(b"other") is None
    assert computing.begun == 1
    assert shared.counts == CacheCounts(hits=1, shared=2, misses=1, held_bytes=6)


async def test_a_first_caller_who_leaves_does_not_stop_the_others() -> None:
    shared, computing = results(), Computing()
    first, second = (asyncio.create_task(shared.computed(b"key", computing)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait([first])
    computing.go.set()
    assert await second == b"result"
    assert (computing.begun, computing.cancelled) == (1, 0)


async def test_computing_ends_with_the_last_who_waits() -> None:
    shared, computing = results(), Computing()
    calls = [asyncio.create_task(shared.computed(b"key", computing)) for _ in range(2)]
    await asyncio.sleep(0)
    for call in calls:
        call.cancel()
    await asyncio.wait(calls)
    assert (computing.begun, computing.cancelled) == (1, 1)
    again = asyncio.create_task(shared.computed(b"key", computing))
    computing.go.set()
    assert await again == b"result"


async def test_an_error_reaches_all_and_is_not_kept() -> None:
    shared, computing = results(), Computing(InternalError("broken"))
    calls = [asyncio.create_task(shared.computed(b"key", computing)) for _ in range(2)]
    computing.go.set()
    assert [str(error) for error in await asyncio.gather(*calls, return_exceptions=True)] == ["broken"] * 2
    assert shared.held(b"key") is None


async def test_the_deadline_of_the_first_is_not_that_of_the_others() -> None:
    shared, hurried, patient = results(), Computing(DeadlineError("too late")), Computing()
    first = asyncio.create_task(shared.computed(b"key", hurried))
    await asyncio.sleep(0)
    second = asyncio.create_task(shared.computed(b"key", patient))
    hurried.go.set()
    patient.go.set()
    with pytest.raises(DeadlineError):
        await first
    assert await second == b"result"
    assert (hurried.begun, patient.begun) == (1, 1)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 60)), max_size=40))
def test_what_is_kept_stays_within_the_bound_and_is_the_most_recent(calls: list[tuple[int, int]]) -> None:
    async def run() -> None:
        shared, used = results(), []
        for key, size in calls:

            async def compute(size: int = size) -> bytes:
                return bytes(size)

            name = bytes([key])
            if shared.held(name) is None:
                await shared.computed(name, compute)
            used.append(name)
            assert shared.counts.held_bytes <= 100
        if used:
            assert shared.held(used[-1]) is not None

    asyncio.run(run())
