"""Noise levels equal the tables of spec/model.md §5.1 and §5.2 and behave as a schedule must."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dit import schedule
from serving.rules import MAX_STEPS, custom_timesteps

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


# Schedules as a caller may give them: falling levels, from as many as there may be.
SCHEDULES = st.lists(st.floats(0, 1, exclude_min=True, width=32), min_size=1, max_size=MAX_STEPS, unique=True).map(
    lambda levels: tuple(sorted(levels, reverse=True))
)


@given(SCHEDULES)
def test_snapped_levels_are_trained_ones_nearest_to_what_was_given(levels: tuple[float, ...]) -> None:
    snapped = schedule.snapped(levels)
    assert len(snapped) == min(len(levels), 20)
    for level, moved in zip(levels, snapped, strict=False):
        assert moved in schedule.TURBO_TRAINED
        assert abs(moved - level) == min(abs(trained - level) for trained in schedule.TURBO_TRAINED)
    assert all(later <= earlier for earlier, later in pairwise(snapped))
    assert schedule.snapped(snapped) == snapped
    assert not schedule.turbo_warnings(snapped, None)


def test_snapping_may_join_levels() -> None:
    assert schedule.snapped((0.69, 0.56, 0.34, 0.31, 0.05)) == (0.6666666667, 0.5454545455, 0.375, 0.3, 0.125)
    assert schedule.snapped((0.11, 0.05)) == (0.125, 0.125)


def test_of_two_levels_at_the_same_distance_the_higher_one_is_taken() -> None:
    """Of all middles those whose distances are equal in floating point too."""
    tied = [
        (high + low) / 2
        for high, low in pairwise(schedule.TURBO_TRAINED)
        if high - (high + low) / 2 == (high + low) / 2 - low
    ]
    assert tied
    assert all(level < moved for level, moved in zip(tied, schedule.snapped(tied), strict=True))


def test_what_snapping_leaves_out_is_said() -> None:
    assert not schedule.snapping_warnings((0.5,) * 20)
    assert "last 5 timesteps" in schedule.snapping_warnings((0.5,) * 25)[0]


@pytest.mark.parametrize("shift", TURBO_TABLES)
def test_snapping_leaves_trained_schedules_alone(shift: float) -> None:
    assert schedule.snapped(TURBO_TABLES[shift]) == pytest.approx(TURBO_TABLES[shift], abs=1e-6)
