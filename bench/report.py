"""What a benchmark leaves in a folder: a table to read and rows to draw."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch


def add_output(parser: argparse.ArgumentParser) -> None:
    """The flag of all benchmarks."""
    parser.add_argument("--output", type=Path, help="folder that gets the table and its rows too")


def publish(name: str, markdown: str, rows: Sequence[Any], folder: Path | None) -> None:
    """Prints a table; writes it, with day and machine, to `NAME.md`, and its rows (dataclasses) to `NAME.json`."""
    print(markdown)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.md").write_text(f"{machine()}\n\n{markdown}\n", "utf-8")
        (folder / f"{name}.json").write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", "utf-8")


def read_rows(name: str, folder: Path) -> list[dict[str, Any]]:
    """Rows that a benchmark left."""
    rows: list[dict[str, Any]] = json.loads((folder / f"{name}.json").read_text("utf-8"))
    return rows


def machine() -> str:
    """What is measured on, and when."""
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else _cpu()
    today = datetime.datetime.now(tz=datetime.UTC).date()
    return f"{today}, {device}, {os.cpu_count()} cores, Python {platform.python_version()}, torch {torch.__version__}."


def _cpu() -> str:
    features = {"amx_tile": "AMX", "avx512_bf16": "AVX-512 bf16"}
    words = Path("/proc/cpuinfo").read_text().split() if Path("/proc/cpuinfo").exists() else []
    known = [name for flag, name in features.items() if flag in words]
    return f"{platform.machine()} CPU ({', '.join(known) or 'no bf16 instructions'})"
