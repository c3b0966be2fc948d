"""Processes that share a device hold it one after another."""

from __future__ import annotations

import fcntl
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO


class Turnstile:
    """A context that one holder of a path is in at a time, in whatever process; a process that dies lets go.

    There are two locks. Who waits for the turn holds the place behind it, so that the one who leaves and comes again at
    once finds another before it: nobody starves. `before_leaving` is called inside, to give memory back that the next
    one needs.
    """

    def __init__(self, path: Path, before_leaving: Callable[[], object] = lambda: None) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._turn: IO[bytes] = path.open("ab")
        self._next: IO[bytes] = path.with_name(f"{path.name}.next").open("ab")
        self._before_leaving = before_leaving

    def __enter__(self) -> None:
        fcntl.flock(self._next, fcntl.LOCK_EX)
        try:
            fcntl.flock(self._turn, fcntl.LOCK_EX)
        finally:
            fcntl.flock(self._next, fcntl.LOCK_UN)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._before_leaving()
        finally:
            fcntl.flock(self._turn, fcntl.LOCK_UN)
