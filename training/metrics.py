"""Numbers of a training by step: a CSV that grows, and a plot of it beside it."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from pathlib import Path

from matplotlib.figure import Figure

from training.whole_files import whole

_STEP = "step"
_COLUMNS = 3


class MetricsLog:
    """Rows of a CSV, one for each written step; what was added since the last one counts with its mean."""

    def __init__(self, path: Path, step: int) -> None:
        """Continues a file after a step; rows beyond it are of a run whose end was lost, and go."""
        self._path = path
        self._rows = [row for row in _read(path) if row[_STEP] <= step]
        self._added: dict[str, list[float]] = {}

    def add(self, values: Mapping[str, float]) -> None:
        """Takes values into the means of the next row."""
        for name, value in values.items():
            self._added.setdefault(name, []).append(value)

    def write(self, step: int, values: Mapping[str, float]) -> None:
        """Writes the row of a step, in place of an earlier one."""
        means = {name: sum(added) / len(added) for name, added in self._added.items()}
        self._added.clear()
        self._rows = [row for row in self._rows if row[_STEP] != step]
        self._rows.append({_STEP: step, **means, **values})
        names = list(dict.fromkeys(name for row in self._rows for name in row))
        with whole(self._path) as partial, partial.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, names)
            writer.writeheader()
            writer.writerows(self._rows)

    def draw(self) -> None:
        """Draws all rows, a panel for each column, where there are any."""
        names = list(dict.fromkeys(name for row in self._rows for name in row if name != _STEP))
        if names:
            _draw(self._rows, names, self._path.with_suffix(".png"))


def _read(path: Path) -> list[dict[str, float]]:
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    return [{name: float(value) for name, value in row.items() if value} for row in rows]


def _draw(rows: list[dict[str, float]], names: list[str], path: Path) -> None:
    height = math.ceil(len(names) / _COLUMNS)
    figure = Figure(figsize=(4 * _COLUMNS, 2.5 * height), layout="constrained")
    for place, name in enumerate(names, 1):
        axes = figure.add_subplot(height, _COLUMNS, place)
        points = [(row[_STEP], row[name]) for row in rows if name in row]
        axes.plot(*zip(*points, strict=True))
        axes.set_title(name, fontsize=9)
        axes.grid(alpha=0.3)
    figure.savefig(path, dpi=80)
