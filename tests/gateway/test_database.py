"""Transactions on a thread of their own: whole or not at all, and as lasting as they are said to be."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.database import Database

TABLES = sa.MetaData()
WORDS = sa.Table("words", TABLES, sa.Column("word", sa.Text, primary_key=True))
ALL_WORDS = sa.select(WORDS.c.word).order_by(WORDS.c.word)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with Database.opened(tmp_path / "new" / "words.sqlite", TABLES) as database:
        yield database


async def written(database: Database, word: str, *, fleeting: bool = False) -> None:
    await database.run(lambda connection: connection.execute(WORDS.insert(), {"word": word}), fleeting=fleeting)


async def words(database: Database) -> list[str]:
    return list(await database.run(lambda connection: connection.scalars(ALL_WORDS).all()))


async def test_what_was_written_is_there_for_others_and_later(database: Database, tmp_path: Path) -> None:
    await written(database, "rain")
    await written(database, "river", fleeting=True)
    assert await words(database) == ["rain", "river"]
    async with Database.opened(tmp_path / "new" / "words.sqlite", TABLES) as second:
        assert await words(second) == ["rain", "river"]


async def test_work_that_fails_leaves_nothing(database: Database) -> None:
    def work(connection: sa.Connection) -> None:
        connection.execute(WORDS.insert(), {"word": "rain"})
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await database.run(work)
    assert await words(database) == []


@pytest.mark.parametrize(("fleeting", "waits_for_the_disk"), [(False, 2), (True, 1)])
async def test_only_lasting_transactions_wait_for_the_disk(
    database: Database, *, fleeting: bool, waits_for_the_disk: int
) -> None:
    """SQLite's own words for FULL and NORMAL: in WAL mode the latter leaves commits to the system."""
    level = await database.run(lambda connection: connection.scalar(sa.text("PRAGMA synchronous")), fleeting=fleeting)
    mode = await database.run(lambda connection: connection.scalar(sa.text("PRAGMA journal_mode")), fleeting=fleeting)
    assert (level, mode) == (waits_for_the_disk, "wal")


async def test_transactions_come_one_after_another_and_leave_the_loop_alone(database: Database) -> None:
    may_end = threading.Event()
    seen: list[str] = []

    def slow(connection: sa.Connection) -> None:
        may_end.wait(30)
        connection.execute(WORDS.insert(), {"word": "first"})
        seen.append("first")

    def quick(connection: sa.Connection) -> None:
        seen.append("second")
        assert connection.scalars(ALL_WORDS).all() == ["first"]

    first = asyncio.create_task(database.run(slow))
    second = asyncio.create_task(database.run(quick, fleeting=True))
    asyncio.get_running_loop().call_soon(may_end.set)
    await asyncio.gather(first, second)
    assert seen == ["first", "second"]
