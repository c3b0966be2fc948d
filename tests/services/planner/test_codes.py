"""How many codes a length takes, and how long one code is repeated."""

from __future__ import annotations

import pytest

from services.planner.codes import CODES_PER_SECOND, code_count, longest_run, whole_seconds


@pytest.mark.parametrize(
    ("seconds", "codes", "whole"),
    [(0.2, 1, 1), (0.39, 1, 1), (1.0, 5, 1), (2.4, 12, 2), (30.7, 153, 30), (599.99, 2999, 599), (600.0, 3000, 600)],
)
def test_fifths_of_a_second_are_rounded_down(seconds: float, codes: int, whole: int) -> None:
    assert code_count(seconds) == codes
    assert whole_seconds(seconds) == whole


def test_a_nanosecond_takes_no_code_away() -> None:
    """Songs have as many frames as their exact length: codes that were one fewer would end before the song."""
    for count in range(1, 3001):
        assert code_count(count / CODES_PER_SECOND) == code_count(count / CODES_PER_SECOND - 1e-9) == count
    assert whole_seconds(30 - 1e-9) == 30


def test_the_longest_run_counts_neighbours_alone() -> None:
    assert longest_run([]) == 0
    assert longest_run([7, 3, 7, 3]) == 1
    assert longest_run([1, 1, 2, 2, 2, 1, 1]) == 3
