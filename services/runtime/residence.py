"""Weights that are in memory while somebody needs them."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Generic, Self, TypeVar

import torch

T = TypeVar("T")
log = logging.getLogger(__name__)


class Residence(Generic[T]):
    """Opens something for its first user and closes it once nobody has used it for `idle_seconds`.

    With `idle_seconds` 0 it is opened on entering and stays until leaving. Make it in a running loop; enter it before
    use.
    """

    def __init__(self, name: str, open_: Callable[[], AbstractAsyncContextManager[T]], idle_seconds: float) -> None:
        self._name = name
        self._open = open_
        self._idle_seconds = idle_seconds
        self._users = 0
        self._changed = asyncio.Event()
        self._opened: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._keeper: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._keeper = asyncio.create_task(self._keep(self._opened), name=f"keeper of {self._name}")
        if not self._idle_seconds:
            try:
                await asyncio.shield(self._opened)
            except BaseException:
                await self.__aexit__()
                raise
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._keeper:
            self._keeper.cancel()
            await asyncio.wait([self._keeper])
        self._opened.cancel()

    @property
    def present(self) -> T | None:
        """What is open now."""
        return self._opened.result() if self._opened.done() and not self._opened.cancelled() else None

    @asynccontextmanager
    async def use(self) -> AsyncIterator[T]:
        """Keeps it open meanwhile. Raises what opening it raises; the next user tries again."""
        self._users += 1
        self._changed.set()
        try:
            yield await asyncio.shield(self._opened)
        finally:
            self._users -= 1
            self._changed.set()

    async def _keep(self, opened: asyncio.Future[T]) -> None:
        while True:
            while self._idle_seconds and not self._users:
                await self._change()
            try:
                await self._reside(opened)
            except Exception as error:
                if opened.done():
                    log.exception("%s could not be released", self._name)
                else:
                    opened.set_exception(error)
                    self._opened = asyncio.get_running_loop().create_future()
                    await self._given_up()
            _return_memory()
            opened = self._opened

    async def _reside(self, opened: asyncio.Future[T]) -> None:
        """Open until it is idle. From then on users wait for the next time."""
        async with self._open() as resource:
            opened.set_result(resource)
            del resource
            await self._unused()
            self._opened = asyncio.get_running_loop().create_future()
        log.info("%s was idle and is released", self._name)

    async def _unused(self) -> None:
        """Returns once it has had no user for long enough."""
        while True:
            while self._users or not self._idle_seconds:
                await self._change()
            try:
                async with asyncio.timeout(self._idle_seconds):
                    await self._change()
            except TimeoutError:
                if not self._users:
                    return

    async def _given_up(self) -> None:
        """Those who waited leave before the next try."""
        while self._users:
            await self._change()

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()


def _return_memory() -> None:
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
