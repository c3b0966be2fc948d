"""`python -m bench FOLDER`: everything that this machine can measure, one process after the other.

Writes random weights of full size into the folder unless they are there, and into `--output` a report with a table and
pictures for each benchmark. Nothing else should run meanwhile.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.plots import draw
from bench.references import write_where_absent

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
    write_where_absent(arguments.folder)
    failed = []
    for name in arguments.only:
        rounds = ("--rounds", str(arguments.rounds)) if name in ROUNDS else ()
        if not run(name, arguments.folder, arguments.output, (*rounds, *BENCHMARKS[name][1])):
            failed.append(name)
    print(f"{report(arguments.output)} is written")
    if failed:
        sys.exit(f"error: {', '.join(failed)} failed")


def run(name: str, models: Path, output: Path, flags: Sequence[str]) -> bool:
    """One benchmark in a process of its own; false where it fails."""
    command = [sys.executable, "-m", f"bench.{name}", str(models), "--output", str(output), *flags]
    print("$", *command[1:], flush=True)
    return subprocess.run(command, check=False).returncode == 0  # noqa: S603 (our own program)


def report(output: Path) -> Path:
    """All tables that the folder has, under one heading, with their pictures."""
    there = [name for name in BENCHMARKS if (output / f"{name}.md").exists()]
    parts = ["# Benchmarks\n\nRatios count; times are of the machine that each table names.\n"]
    parts += [f"## {BENCHMARKS[name][0]}\n\n{(output / f'{name}.md').read_text('utf-8')}" for name in there]
    if len(there) == len(BENCHMARKS):
        parts += [f"![{picture.stem}]({picture.name})\n" for picture in draw(output)]
    target = output / "report.md"
    target.write_text("\n".join(parts), "utf-8")
    return target


if __name__ == "__main__":
    main()
