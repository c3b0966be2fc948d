"""What a benchmark leaves in a folder: a table to read and rows to draw."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any


def add_output(parser: argparse.ArgumentParser) -> None:
    """The flag of all benchmarks."""
    parser.add_argument("--output", type=Path, help="folder that gets the table and its rows too")


def publish(name: str, markdown: str, rows: Sequence[Any], folder: Path | None) -> None:
    """Prints a table; writes `NAME.md` and, of its rows (dataclasses), `NAME.json`."""
    print(markdown)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.md").write_text(markdown + "\n", "utf-8")
        (folder / f"{name}.json").write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", "utf-8")


def read_rows(name: str, folder: Path) -> list[dict[str, Any]]:
    """Rows that a benchmark left."""
    rows: list[dict[str, Any]] = json.loads((folder / f"{name}.json").read_text("utf-8"))
    return rows
