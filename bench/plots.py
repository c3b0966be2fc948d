"""Pictures of what the benchmarks left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.report import read_rows

OURS, THEIRS, PLAIN = "#1b6ca8", "#d9822b", "#8a8f98"
_STAGES = {"encode": "#7fa8c9", "sample": OURS, "decode": "#0f3d5e", "plan": "#b9d3e6"}
Rows = list[dict[str, Any]]


def draw(folder: Path) -> list[Path]:
    """A picture for each question; returns their files."""
    dit, chain = read_rows("dit", folder), read_rows("chain", folder)
    stages = [*read_rows("encoder", folder), *dit, *read_rows("vae", folder)]
    figures = {
        "steps": _pair(_step_seconds, dit, _share_of_roof, dit),
        "ratios": _single(_ratios, stages, chain),
        "chain": _pair(_song_seconds, chain, _overheads, read_rows("overhead", folder)),
    }
    files = []
    for name, figure in figures.items():
        files.append(folder / f"{name}.png")
        figure.savefig(files[-1], format="png", dpi=120)
    return files


def _pair(left: Any, left_rows: Rows, right: Any, right_rows: Rows) -> Figure:
    figure = Figure(figsize=(11, 4.2), layout="constrained")
    axes = figure.subplots(1, 2)
    left(axes[0], left_rows)
    right(axes[1], right_rows)
    return figure


def _single(draw_on: Any, *rows: Rows) -> Figure:
    figure = Figure(figsize=(9, 4.5), layout="constrained")
    draw_on(figure.subplots(), *rows)
    return figure


def _step_seconds(axes: Axes, rows: Rows) -> None:
    """Seconds of a step by the length of the music."""
    lengths = [row for row in rows if "×" not in row["name"]]
    for key, label, colour in (("ours", "Quartet", OURS), ("theirs", "diffusers", THEIRS)):
        points = [(int(row["name"].split()[0]), row[key]) for row in lengths if row[key] is not None]
        axes.plot(*zip(*points, strict=True), marker="o", color=colour, label=label)
    axes.set(xscale="log", yscale="log", xlabel="music, s", ylabel="step of the transformer, s", title="Length")
    axes.legend()
    axes.grid(alpha=0.3)


def _share_of_roof(axes: Axes, rows: Rows) -> None:
    """GFLOP/s of items of 10 s that share a step, below what the machine reaches."""
    together = [row for row in rows if "×" in row["name"]]
    items = [row["name"].split()[0] for row in together]
    axes.bar(items, [row["roof"] / 1e9 for row in together], color=PLAIN, alpha=0.35, label="roof")
    axes.bar(items, [row["rate"] / 1e9 for row in together], color=OURS, width=0.55, label="Quartet")
    axes.set(xlabel="items of 10 s in a step", ylabel="GFLOP/s", title="Items")
    axes.legend(loc="lower right")


def _ratios(axes: Axes, stages: Rows, chain: Rows) -> None:
    """How many times as fast as diffusers."""
    compared = [(row["name"], row["ratio"]) for row in stages if row["ratio"] is not None]
    compared += [(f"song of {row['length']} s", row["ratio"]) for row in chain if row["ratio"] is not None]
    names = [f"step of {name}" if name.endswith(" s") and name[0].isdigit() else name for name, _ in compared]
    bars = axes.barh(names, [ratio for _, ratio in compared], color=OURS)
    axes.bar_label(bars, fmt="%.2f ×", padding=3)
    axes.axvline(1, color=THEIRS, label="diffusers")
    axes.invert_yaxis()
    axes.margins(x=0.15)
    axes.set(xlabel="times as fast as diffusers", title="One process beside the other, in turns")
    axes.legend(loc="lower right")


def _song_seconds(axes: Axes, rows: Rows) -> None:
    """Where the time of a song goes."""
    names = [f"{row['length']} s" for row in rows]
    bottoms = [0.0] * len(rows)
    for stage in dict.fromkeys(stage for row in rows for stage in row["by_stage"]):
        heights = [row["by_stage"].get(stage, 0.0) for row in rows]
        axes.bar(names, heights, bottom=bottoms, label=stage, color=_STAGES.get(stage, PLAIN))
        bottoms = [bottom + height for bottom, height in zip(bottoms, heights, strict=True)]
    for place, row in enumerate(rows):
        if row["theirs"] is not None:
            axes.plot([place - 0.4, place + 0.4], [row["theirs"]] * 2, color=THEIRS, linewidth=2)
    axes.set(ylabel="s", title="Songs through the chain (line: diffusers)")
    axes.legend()


def _overheads(axes: Axes, rows: Rows) -> None:
    """What the chain takes by itself."""
    bars = axes.bar([f"{row['length']} s" for row in rows], [row["median"] * 1e3 for row in rows], color=PLAIN)
    axes.bar_label(bars, fmt="%.0f ms")
    axes.set(ylabel="ms", title="The chain by itself, null stages, p50")
