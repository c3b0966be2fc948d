"""The codec's benchmark runs whole on a tiny family."""

from __future__ import annotations

from pathlib import Path

from bench import vae


async def test_there_is_a_row_for_each_direction(tiny_models: Path) -> None:
    lines = (await vae.measure(tiny_models, rounds=1, seconds=1)).splitlines()
    assert [line.split("|")[1].strip() for line in lines if line.startswith("|")] == ["", "---", "decode", "encode"]


def test_memory_is_counted(tiny_models: Path) -> None:
    assert vae.memory_of(tiny_models, 1) > 0
