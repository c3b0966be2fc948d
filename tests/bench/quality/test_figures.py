"""Figures carry intervals, goals and chance."""

from __future__ import annotations

import math

import pytest

from bench.quality.figures import Goal, chance_of, mean, mean_of_known, not_worse, share
from bench.quality.report import table


def test_a_share_has_wilsons_interval() -> None:
    figure = share("key", [True] * 8 + [False] * 2, Goal(at_least=65), chance=4.0)
    assert figure.value == 80
    assert figure.low == pytest.approx(49.0, abs=0.1)
    assert figure.high == pytest.approx(94.3, abs=0.1)
    assert figure.reached
    assert share("silent", [False] * 10, Goal(at_most=0)).reached
    assert share("style", [True, False], Goal(at_least=70)).reached is False


def test_a_mean_leaves_out_what_is_not_finite() -> None:
    figure = mean("loudness", "LUFS", [-14.0, -math.inf, -16.0])
    assert (figure.value, figure.count) == (-15, 2)
    assert figure.high == pytest.approx(-15 + 1.96)
    assert figure.reached is None
    with pytest.raises(ValueError, match="loudness: nothing was measured"):
        mean("loudness", "LUFS", [-math.inf])


def test_a_change_that_may_be_chance_is_no_worse() -> None:
    few = not_worse("change", [True, False, False, True, True, False], [False, True, False, True, True, True])
    assert few.value < 0
    assert few.reached
    many = not_worse("change", [False] * 30 + [True] * 30, [True] * 60)
    assert many.reached is False


def test_chance_counts_pairs_that_do_not_belong_together() -> None:
    assert chance_of([[True, False, False], [True, True, False], [False, False, True]]) == pytest.approx(100 / 6)
    assert chance_of([[True]]) is None
    assert mean_of_known([None, 0.5, 0.7]) == pytest.approx(0.6)
    assert mean_of_known([None]) is None


def test_a_table_says_what_was_reached() -> None:
    figures = [
        share("key", [True], Goal(at_least=65), chance=4.0),
        mean("SI-SDR", "dB", [9.0, 11.0], Goal(at_least=12)),
    ]
    lines = table(figures).splitlines()
    assert lines[2] == "| key | 100.0 % | 20.7 to 100.0 | 1 |  | 4.0 % | ≥ 65.0 % | reached |"
    assert lines[3] == "| SI-SDR | 10.0 dB | 8.0 to 12.0 | 2 |  |  | ≥ 12.0 dB | **missed** |"
