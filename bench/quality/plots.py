"""Pictures of an evaluation: shares beside goals, tempos and keys beside what was asked, styles, distances."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from bench.plots import OURS, PLAIN, THEIRS
from bench.quality.codec import Reconstructed
from bench.quality.evaluation import Outcome
from bench.quality.figures import Figure
from bench.quality.key import key_named
from bench.quality.music import Heard

_SONGS = {
    "words": "Songs from words",
    "thinking": "Songs with thinking",
    "generated": "The generator's own clips",
}


def draw(folder: Path, outcomes: Mapping[str, Outcome]) -> list[Path]:
    """A picture of each kind that there are rows for; returns their files."""
    measured = {name: outcome for name, outcome in outcomes.items() if outcome.rows}
    canvases = {name: _songs(title, measured[name]) for name, title in _SONGS.items() if name in measured}
    if "codec" in measured:
        canvases["codec"] = _codec(measured["codec"].rows)
    return [_save(folder / f"{name}.png", canvas) for name, canvas in canvases.items()]


def _save(path: Path, canvas: Canvas) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    canvas.savefig(path, format="png", dpi=100)
    return path


def _songs(title: str, outcome: Outcome) -> Canvas:
    canvas = Canvas(figsize=(13, 9.5), layout="constrained")
    canvas.suptitle(title)
    panels: Sequence[Callable[[Axes], None]] = (
        lambda axes: _shares(axes, outcome.figures),
        lambda axes: _tempos(axes, outcome.rows),
        lambda axes: _keys(axes, outcome.rows),
        lambda axes: _styles(axes, outcome.rows),
    )
    for axes, panel in zip(canvas.subplots(2, 2).flat, panels, strict=True):
        panel(axes)
    return canvas


def _shares(axes: Axes, figures: Sequence[Figure]) -> None:
    """Shares with their intervals; ticks are what the best, chance and the goal are."""
    shown = [figure for figure in figures if figure.unit == "%"]
    values = np.array([figure.value for figure in shown])
    errors = np.abs([[figure.value - figure.low, figure.high - figure.value] for figure in shown]).T
    places = np.arange(len(shown))
    axes.barh(places, values, xerr=errors, color=OURS, ecolor="#0f3d5e")
    marks = (
        ("goal", "#000000", [figure.goal.at_least if figure.goal else None for figure in shown]),
        ("best", THEIRS, [figure.best for figure in shown]),
        ("chance", PLAIN, [figure.chance for figure in shown]),
    )
    for label, colour, points in marks:
        known = [(x, y) for x, y in zip(points, places, strict=True) if x is not None and np.isfinite(x)]
        if known:
            axes.plot(*zip(*known, strict=True), "|", color=colour, label=label, markersize=18, markeredgewidth=2)
    axes.set_yticks(places, [figure.name for figure in shown])
    axes.invert_yaxis()
    axes.set(xlim=(0, 100), xlabel="%", title="Shares")
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="lower right")


def _tempos(axes: Axes, rows: Sequence[Heard]) -> None:
    asked, found = [row.bpm for row in rows], [row.found_bpm for row in rows]
    line = np.array([50.0, 190.0])
    for factor in (0.5, 1, 2):
        axes.plot(line, factor * line, color=PLAIN, linewidth=0.8)
    axes.scatter(asked, found, s=14, color=OURS, alpha=0.7)
    axes.set(xlabel="asked, bpm", ylabel="found, bpm", title="Tempo (lines: half, exact, double)", ylim=(0, 260))


def _keys(axes: Axes, rows: Sequence[Heard]) -> None:
    """How many semitones the tonic that was found lies above the one that was asked for, by mode."""
    counts = np.zeros((2, 12))
    for row in rows:
        asked, found = key_named(row.key), key_named(row.found_key)
        if asked and found:
            counts[int(asked.mode is not found.mode), (found.tonic - asked.tonic) % 12] += 1
    steps = np.arange(12)
    axes.bar(steps, counts[0], color=OURS, label="mode as asked")
    axes.bar(steps, counts[1], bottom=counts[0], color=THEIRS, label="the other mode")
    axes.set_xticks(steps)
    axes.set(xlabel="semitones above the asked tonic", ylabel="songs", title="Key")
    axes.legend()


def _styles(axes: Axes, rows: Sequence[Heard]) -> None:
    names = sorted({row.style for row in rows} | {row.found_style for row in rows})
    counts = np.zeros((len(names), len(names)))
    for row in rows:
        counts[names.index(row.style), names.index(row.found_style)] += 1
    axes.imshow(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1), cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(names)), names, rotation=60, ha="right", fontsize=8)
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.set(xlabel="heard", ylabel="asked", title="Style")


def _codec(rows: Sequence[Reconstructed]) -> Canvas:
    canvas = Canvas(figsize=(8, 4), layout="constrained")
    axes = canvas.subplots()
    styles = sorted({row.heard.style for row in rows})
    for row in rows:
        axes.scatter(row.si_sdr_db, styles.index(row.heard.style), color=OURS, s=18)
    axes.set_yticks(range(len(styles)), styles, fontsize=8)
    axes.axvline(12, color=THEIRS, label="goal of the mean")
    axes.set(xlabel="SI-SDR, dB", title="Clips through the codec")
    axes.legend()
    return canvas
