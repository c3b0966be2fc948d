"""Dynamic time warping against all paths that there are."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gateway.lyrics.warping import Matrix, best_path

SMALL = st.tuples(st.integers(1, 5), st.integers(1, 5))


def cells(rewards: Matrix) -> list[tuple[int, int]]:
    rows, columns = best_path(rewards)
    return list(zip(rows.tolist(), columns.tolist(), strict=True))


def all_paths(rows: int, columns: int) -> list[list[tuple[int, int]]]:
    if (rows, columns) == (1, 1):
        return [[(0, 0)]]
    before = [(rows - 1, columns), (rows, columns - 1), (rows - 1, columns - 1)]
    return [
        [*path, (rows - 1, columns - 1)] for less, fewer in before if less and fewer for path in all_paths(less, fewer)
    ]


@given(SMALL.flatmap(lambda shape: arrays(np.float32, shape, elements=st.integers(-4, 4).map(float))))
def test_no_path_gathers_more(rewards: Matrix) -> None:
    def gathered(path: list[tuple[int, int]]) -> float:
        return sum(float(rewards[cell]) for cell in path)

    assert gathered(cells(rewards)) == max(map(gathered, all_paths(*rewards.shape)))


@given(st.integers(1, 30), st.integers(1, 30), st.integers(0, 99))
def test_every_row_and_column_is_visited_in_order(rows: int, columns: int, seed: int) -> None:
    path = cells(np.random.default_rng(seed).random((rows, columns)).astype(np.float32))
    assert path[0] == (0, 0)
    assert path[-1] == (rows - 1, columns - 1)
    steps = {(after[0] - here[0], after[1] - here[1]) for here, after in pairwise(path)}
    assert steps <= {(0, 1), (1, 0), (1, 1)}


def test_a_clear_way_is_followed() -> None:
    rewards = np.zeros((3, 8), np.float32)
    for row, columns in enumerate(((0, 1, 2), (3, 4), (5, 6, 7))):
        rewards[row, list(columns)] = 1
    assert cells(rewards) == [(0, 0), (0, 1), (0, 2), (1, 3), (1, 4), (2, 5), (2, 6), (2, 7)]
