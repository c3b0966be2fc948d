"""Loading on a thread of its own, which ends."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def loaded_apart(load: Callable[[], T]) -> T:
    """Runs a function on a new thread and returns its result; the event loop goes on meanwhile.

    OpenMP keeps a team of workers for every thread that has computed and still lives. With more workers than cores all
    of them go to sleep between kernels, which made each step of a planner a fifth slower. So the only thread that lives
    and computes is the engine's.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def run() -> None:
        try:
            result = load()
        except Exception as error:
            failure = error
            loop.call_soon_threadsafe(lambda: None if done.cancelled() else done.set_exception(failure))
        else:
            loop.call_soon_threadsafe(lambda: None if done.cancelled() else done.set_result(result))

    thread = threading.Thread(target=run, name="loading", daemon=True)
    thread.start()
    try:
        return await done
    finally:
        if done.done() and not done.cancelled():
            thread.join()
