"""Dynamic time warping: the way through a matrix, from its first corner to its last, that gathers most."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float32]
Indices = npt.NDArray[np.intp]

_DIAGONAL, _LEFT, _UP = range(3)


def best_path(rewards: Matrix) -> tuple[Indices, Indices]:
    """Rows and columns [cells] of the path whose rewards [rows, columns] have the largest sum.

    It visits every row and every column, in order. Of equal steps it takes the one in both before the one in time, and
    that before the one in the text; the official application's rule for them (spec/planner.md §6.4) can miss the best
    way. Cells of one antidiagonal depend only on the two before it, so that they are computed at once.
    """
    rows, columns = rewards.shape
    flat = np.ascontiguousarray(rewards, np.float64).ravel()
    steps = np.zeros((rows + columns + 1, rows + 1), np.uint8)
    before, last = np.full(rows + 1, np.inf), np.full(rows + 1, np.inf)
    before[0] = 0.0
    for diagonal in range(2, rows + columns + 1):
        first, end = max(1, diagonal - columns), min(rows, diagonal - 1) + 1
        row = np.arange(first, end)
        both, up, left = before[first - 1 : end - 1], last[first - 1 : end - 1], last[first:end]
        step = steps[diagonal, first:end]
        aside = np.minimum(up, left)
        step[aside < both] = _LEFT
        step[(up < both) & (up < left)] = _UP
        now = np.full(rows + 1, np.inf)
        now[first:end] = np.minimum(aside, both) - flat[(row - 1) * columns + diagonal - row - 1]
        before, last = last, now
    return _backwards(steps, rows, columns)


def _backwards(steps: npt.NDArray[np.uint8], row: int, column: int) -> tuple[Indices, Indices]:
    cells = []
    while row and column:
        cells.append((row - 1, column - 1))
        step = steps[row + column, row]
        row -= step != _LEFT
        column -= step != _UP
    found = np.array(cells[::-1], np.intp)
    return found[:, 0], found[:, 1]
