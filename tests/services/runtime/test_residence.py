"""What is opened for its first user, shared, and closed once it is idle."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from services.runtime.residence import Residence

LONG = 1e6
SHORT = 1e-3


class Weights:
    """Counts how often it was opened and closed; fails to open as often as told."""

    def __init__(self, failures: int = 0) -> None:
        self.opened = self.closed = 0
        self.failures = failures
        self.was_closed = asyncio.Event()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[int]:
        if self.failures:
            self.failures -= 1
            raise OSError("no such weights")
        self.opened += 1
        try:
            yield self.opened
        finally:
            self.closed += 1
            self.was_closed.set()


async def test_without_idle_time_it_is_open_from_the_beginning_to_the_end() -> None:
    weights = Weights()
    async with Residence("weights", weights.open, 0) as residence:
        assert residence.present == 1
        async with residence.use() as resource:
            assert resource == 1
    assert (weights.opened, weights.closed) == (1, 1)


async def test_what_cannot_be_opened_at_the_beginning_fails_the_beginning() -> None:
    with pytest.raises(OSError, match="no such weights"):
        async with Residence("weights", Weights(failures=1).open, 0):
            pass


async def test_users_share_what_the_first_one_opened() -> None:
    weights = Weights()
    async with Residence("weights", weights.open, LONG) as residence:
        assert residence.present is None
        async with residence.use() as first, residence.use() as second:
            assert first == second == 1
        assert residence.present == 1
    assert (weights.opened, weights.closed) == (1, 1)


async def test_it_is_released_when_idle_and_opened_again() -> None:
    weights = Weights()
    async with Residence("weights", weights.open, SHORT) as residence:
        for number in (1, 2, 3):
            weights.was_closed.clear()
            async with residence.use() as resource:
                assert resource == number
            await weights.was_closed.wait()
            assert residence.present is None
    assert (weights.opened, weights.closed) == (3, 3)


async def test_a_failure_reaches_all_who_wait_and_the_next_user_tries_again() -> None:
    weights = Weights(failures=1)

    async def use(residence: Residence[int]) -> int:
        async with residence.use() as resource:
            return resource

    async with Residence("weights", weights.open, LONG) as residence:
        both = await asyncio.gather(use(residence), use(residence), return_exceptions=True)
        assert [str(error) for error in both] == ["no such weights"] * 2
        assert await use(residence) == 1


async def test_a_user_who_gives_up_does_not_stop_the_others() -> None:
    weights, gate = Weights(), asyncio.Event()

    @asynccontextmanager
    async def slow() -> AsyncIterator[int]:
        await gate.wait()
        async with weights.open() as resource:
            yield resource

    async def use(residence: Residence[int]) -> int:
        async with residence.use() as resource:
            return resource

    async with Residence("weights", slow, LONG) as residence:
        leaving, staying = asyncio.create_task(use(residence)), asyncio.create_task(use(residence))
        await asyncio.sleep(0)
        leaving.cancel()
        gate.set()
        assert await staying == 1
        assert leaving.cancelled()
