"""The codec's benchmark runs whole on a tiny family."""

from __future__ import annotations

from pathlib import Path

from bench import vae
from bench.comparison import table


async def test_there_is_a_row_for_each_direction(tiny_models: Path) -> None:
    rows = await vae.measure(tiny_models, rounds=1, seconds=1)
    assert [row.name for row in rows] == ["decode 1 s", "encode 1 s"]
    assert all(row.ratio and row.rate > 0 and row.share > 0 for row in rows)
    assert len(table(rows).splitlines()) == 4


def test_memory_is_counted(tiny_models: Path) -> None:
    assert vae.memory_of(tiny_models, 1) > 0
