"""A SQLite file that one thread reads and writes: a transaction is one way to the thread and back, and waits for no
lock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa

T = TypeVar("T")
Work = Callable[[sa.Connection], T]


class Database:
    """Transactions in a file.

    A transaction that ended survives the death of this process and, unless it is said to be fleeting, that of the
    machine: SQLite waits for the disk then, which takes most of the time of a transaction.
    """

    def __init__(self, thread: ThreadPoolExecutor, lasting: sa.Connection, fleeting: sa.Connection) -> None:
        self._thread = thread
        self._lasting = lasting
        self._fleeting = fleeting

    @classmethod
    @asynccontextmanager
    async def opened(cls, path: Path, tables: sa.MetaData) -> AsyncIterator[Database]:
        """The database in a file, which is created where there is none."""
        path.parent.mkdir(parents=True, exist_ok=True)
        engines = [_engine(path, synchronous) for synchronous in ("FULL", "NORMAL")]
        with ThreadPoolExecutor(1, "database") as thread:
            loop = asyncio.get_running_loop()
            lasting, fleeting = [await loop.run_in_executor(thread, engine.connect) for engine in engines]
            database = cls(thread, lasting, fleeting)
            try:
                await database.run(tables.create_all)
                yield database
            finally:
                for connection in (fleeting, lasting):
                    await loop.run_in_executor(thread, connection.close)
                for engine in engines:
                    engine.dispose()

    async def run(self, work: Work[T], *, fleeting: bool = False) -> T:
        """Runs work as one transaction, which is undone where the work raises.

        A caller that is cancelled does not know what has become of it.
        """
        connection = self._fleeting if fleeting else self._lasting
        return await asyncio.get_running_loop().run_in_executor(self._thread, _transaction, connection, work)


def _transaction(connection: sa.Connection, work: Work[T]) -> T:
    with connection.begin():
        return work(connection)


def _engine(path: Path, synchronous: str) -> sa.Engine:
    engine = sa.create_engine(f"sqlite:///{path}")

    def configure(connection: Any, _: Any) -> None:
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", f"synchronous={synchronous}", "busy_timeout=10000", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    sa.event.listen(engine, "connect", configure)
    return engine
