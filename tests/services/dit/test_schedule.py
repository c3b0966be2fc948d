"""Noise levels equal the tables of spec/model.md §5.1 and §5.2 and behave as a schedule must."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dit import schedule
from serving.rules import custom_timesteps

TURBO_TABLES = {
    1.0: (1, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125),
    2.0: (1, 0.933333, 0.857143, 0.769231, 0.666667, 0.545455, 0.4, 0.222222),
    3.0: (1, 0.954545, 0.9, 0.833333, 0.75, 0.642857, 0.5, 0.3),
}


@pytest.mark.parametrize("shift", TURBO_TABLES)
def test_turbo_tables(shift: float) -> None:
    assert schedule.shifted(8, shift) == pytest.approx(TURBO_TABLES[shift], abs=1e-6)


def test_base_grid_is_even_without_shift() -> None:
    assert schedule.shifted(50, 1.0)[:4] == pytest.approx((1, 0.98, 0.96, 0.94))


@given(st.integers(1, 200), st.floats(1, 10))
def test_levels_start_at_one_and_fall(steps: int, shift: float) -> None:
    levels = schedule.shifted(steps, shift)
    assert len(levels) == steps
    assert levels[0] == 1
    assert all(later < earlier for earlier, later in pairwise((*levels, 0.0)))


@given(st.integers(1, 50), st.floats(1, 10))
def test_custom_levels_are_used_as_given(steps: int, shift: float) -> None:
    levels = schedule.shifted(steps, shift)
    assert custom_timesteps(levels) == levels
    assert custom_timesteps((*levels, 0.0)) == levels


@pytest.mark.parametrize(
    "levels",
    [
        (0.5, 0.5),
        (0.5, 0.7),
        (1.5,),
        (1.0, -0.1),
        (0.0,),
        (float("nan"),),
        (float("inf"),),
        (0.5, 0.0, 0.0),
        (1.0,) * 201,
    ],
)
def test_what_is_no_schedule_is_refused(levels: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="level"):
        custom_timesteps(levels)


def test_trained_levels_of_turbo_bring_no_warning() -> None:
    for shift in schedule.TURBO_SHIFTS:
        levels = schedule.shifted(8, shift)
        assert not schedule.turbo_warnings(levels, shift)
        assert not schedule.turbo_warnings(levels, None)


def test_what_turbo_was_not_distilled_for_is_named() -> None:
    assert "shift 2.5" in schedule.turbo_warnings(schedule.shifted(8, 2.5), 2.5)[0]
    assert "30 steps" in schedule.turbo_warnings(schedule.shifted(30, 3.0), 3.0)[0]
    assert "0.77" in schedule.turbo_warnings((1.0, 0.77, 0.5), None)[0]
