"""The cache is as large as what is free allows, and never too small for one guided item."""

from __future__ import annotations

from pathlib import Path

import torch

from services.planner.memory import MOST_ROWS, fitting_rows, free_memory

CPU = torch.device("cpu")


def test_rows() -> None:
    assert fitting_rows(1, CPU) == MOST_ROWS
    assert fitting_rows(2**60, CPU) == 2


def test_a_container_has_no_more_than_its_limit(tmp_path: Path) -> None:
    limit = tmp_path / "memory.max"
    unlimited = free_memory(limit)
    assert unlimited > 2**20
    limit.write_text("max\n")
    assert free_memory(limit) > 2**20
    limit.write_text("1048576\n")
    assert free_memory(limit) == 2**20
