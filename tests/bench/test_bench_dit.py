"""The transformer's benchmark runs whole on a tiny family, and counts operations as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import dit
from services.dit.config import DitConfig
from services.dit.model import DiffusionTransformer
from tests.services.dit.tiny import TINY


async def test_there_is_a_row_for_each_length(tiny_models: Path) -> None:
    rows = await dit.measure(tiny_models, rounds=1, lengths=(2, 3), beside=2)
    assert [row.name for row in rows[:3]] == ["2 s", "3 s", "1 × 10 s"]
    assert [row.ratio is None for row in rows[:2]] == [False, True]


@pytest.mark.parametrize("kind", ["sliding_attention", "full_attention"])
def test_operations_of_a_layer(kind: str) -> None:
    """Width 32, 4 heads and 2 key heads of 16, MLP of 56, 25 tokens, a window of 3 on both sides, 400 words."""
    model = DiffusionTransformer(DitConfig.from_json({**TINY, "num_hidden_layers": 1, "layer_types": [kind]}))
    projections = 32 * 64 * 2 + 32 * 32 * 2 + 32 * 64 * 2 + 3 * 32 * 56
    seen = 25 if kind == "full_attention" else 7
    assert dit.flops(model, 2) == 2 * 25 * projections + 4 * 25 * (seen + 400) * 64
