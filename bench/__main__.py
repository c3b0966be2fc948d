"""`python -m bench FOLDER`: everything that this machine can measure, one process after the other.

Writes random weights of full size into the folder unless they are there, and into `--output` a report with a table and
pictures for each benchmark. Nothing else should run meanwhile.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from bench.plots import draw

BENCHMARKS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "overhead": ("The chain by itself", ()),
    "encoder": ("The encoder", ()),
    "vae": ("The codec", ()),
    "dit": ("Steps of the transformer", ("--seconds", "10", "30", "60", "120", "240", "600")),
    "planner": ("Audio codes of the planner", ()),
    "chain": ("Songs through the chain", ("--seconds", "10", "30", "60")),
}
ROUNDS = ("encoder", "vae", "dit", "planner", "chain")


def main() -> None:
    """Measures, draws, writes the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the models are or shall be")
    parser.add_argument("--output", type=Path, default=Path("out/bench"), help="where the report goes")
    parser.add_argument("--rounds", type=int, default=2, help="turns of ours and theirs")
    parser.add_argument("--only", nargs="+", choices=tuple(BENCHMARKS), default=tuple(BENCHMARKS), help="some of them")
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    for name in arguments.only:
        rounds = ("--rounds", str(arguments.rounds)) if name in ROUNDS else ()
        run(name, arguments.folder, arguments.output, (*rounds, *BENCHMARKS[name][1]))
    print(f"{report(arguments.output)} is written")


def run(name: str, models: Path, output: Path, flags: Sequence[str]) -> None:
    """One benchmark in a process of its own."""
    command = [sys.executable, "-m", f"bench.{name}", str(models), "--output", str(output), *flags]
    print("$", *command[1:], flush=True)
    subprocess.run(command, check=True)  # noqa: S603 (our own program)


def report(output: Path) -> Path:
    """All tables that the folder has, under one heading, with their pictures."""
    there = [name for name in BENCHMARKS if (output / f"{name}.md").exists()]
    parts = [f"# Benchmarks\n\n{machine()}\n"]
    parts += [f"## {BENCHMARKS[name][0]}\n\n{(output / f'{name}.md').read_text('utf-8')}" for name in there]
    if len(there) == len(BENCHMARKS):
        parts += [f"![{picture.stem}]({picture.name})\n" for picture in draw(output)]
    target = output / "report.md"
    target.write_text("\n".join(parts), "utf-8")
    return target


def machine() -> str:
    """What was measured on, and when."""
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else _cpu()
    today = datetime.datetime.now(tz=datetime.UTC).date()
    versions = f"Python {platform.python_version()}, torch {torch.__version__}"
    return f"{today}, {device}, {os.cpu_count()} cores, {versions}. Ratios count; times are of this machine."


def _cpu() -> str:
    features = {"amx_tile": "AMX", "avx512_bf16": "AVX-512 bf16"}
    words = Path("/proc/cpuinfo").read_text().split() if Path("/proc/cpuinfo").exists() else []
    known = [name for flag, name in features.items() if flag in words]
    return f"{platform.machine()} CPU ({', '.join(known) or 'no bf16 instructions'})"


if __name__ == "__main__":
    main()
