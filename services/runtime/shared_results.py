"""Results by the digest of what determines them: computed once, kept within a bound, shared while computing."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from opentelemetry.metrics import CallbackOptions, Meter, Observation

from quartet.errors import DeadlineError

R = TypeVar("R")


@dataclass(frozen=True)
class CacheCounts:
    """Answers since the start: from memory, from another call's computing, computed; and the bytes held now."""

    hits: int
    shared: int
    misses: int
    held_bytes: int


@dataclass
class _Flight(Generic[R]):
    task: asyncio.Task[R]
    waiting: int = 0


class SharedResults(Generic[R]):
    """Hands out results; what was not used for longest leaves first. `max_bytes` 0 keeps nothing.

    Equal calls that overlap compute once. The computing ends when nobody waits for it any more. An error reaches all
    who wait and is not kept; but a deadline is the first caller's own, so the others then compute for themselves.
    """

    def __init__(self, max_bytes: int, size_of: Callable[[R], int]) -> None:
        self._max_bytes = max_bytes
        self._size_of = size_of
        self._held: OrderedDict[bytes, R] = OrderedDict()
        self._held_bytes = 0
        self._flights: dict[bytes, _Flight[R]] = {}
        self._hits = self._shared = self._misses = 0

    @property
    def counts(self) -> CacheCounts:
        """What it has done so far."""
        return CacheCounts(self._hits, self._shared, self._misses, self._held_bytes)

    def held(self, key: bytes) -> R | None:
        """What is kept under a key; it counts as used."""
        if key not in self._held:
            return None
        self._hits += 1
        self._held.move_to_end(key)
        return self._held[key]

    async def computed(self, key: bytes, compute: Callable[[], Awaitable[R]]) -> R:
        """The result of computing, one's own or that of an equal call."""
        while (flight := self._flights.get(key)) is not None:
            self._shared += 1
            try:
                return await self._join(key, flight)
            except DeadlineError:
                continue
        self._misses += 1
        flight = self._flights[key] = _Flight(asyncio.create_task(self._run(key, compute)))
        return await self._join(key, flight)

    async def _run(self, key: bytes, compute: Callable[[], Awaitable[R]]) -> R:
        try:
            result = await compute()
        finally:
            self._forget(key, asyncio.current_task())
        self._keep(key, result)
        return result

    async def _join(self, key: bytes, flight: _Flight[R]) -> R:
        flight.waiting += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiting -= 1
            if not flight.waiting and not flight.task.done():
                self._forget(key, flight.task)
                flight.task.cancel()
                await asyncio.wait([flight.task])

    def _forget(self, key: bytes, task: asyncio.Task[R] | None) -> None:
        """A computing that has ended, or that nobody waits for; a later one under the same key stays."""
        if key in self._flights and self._flights[key].task is task:
            del self._flights[key]

    def _keep(self, key: bytes, result: R) -> None:
        size = self._size_of(result)
        if size > self._max_bytes:
            return
        self._held[key] = result
        self._held_bytes += size
        while self._held_bytes > self._max_bytes:
            _, oldest = self._held.popitem(last=False)
            self._held_bytes -= self._size_of(oldest)


def observe(meter: Meter, prefix: str, counts: Callable[[], CacheCounts]) -> None:
    """Metrics `<prefix>.results`, by how each was come by, and `<prefix>.cache.size`, the bytes held."""

    def results(options: CallbackOptions) -> Iterable[Observation]:
        now = counts()
        for outcome, count in (("hit", now.hits), ("shared", now.shared), ("miss", now.misses)):
            yield Observation(count, {"quartet.cache.outcome": outcome})

    def size(options: CallbackOptions) -> Iterable[Observation]:
        yield Observation(counts().held_bytes)

    meter.create_observable_counter(
        f"{prefix}.results", [results], unit="{result}", description="Answers from memory, from another call, computed"
    )
    meter.create_observable_up_down_counter(
        f"{prefix}.cache.size", [size], unit="By", description="Bytes of the results that are kept"
    )
