"""The encoders' benchmark runs whole on a tiny family."""

from __future__ import annotations

from pathlib import Path

from bench import encoder


async def test_a_condition_is_compared_alone_and_measured_together_and_kept(tiny_models: Path) -> None:
    rows, cached = await encoder.measure(tiny_models, rounds=1)
    assert [row.name for row in rows] == ["condition", "4 conditions"]
    assert rows[0].ratio
    assert rows[1].ratio is None
    assert cached > 0
