"""The planner chooses whole seconds that models know and callers can use."""

from __future__ import annotations

import pytest

from services.planner.lengths import Lengths


@pytest.mark.parametrize(
    ("lengths", "choices"),
    [
        (Lengths(), range(10, 601)),
        (Lengths(1, 240), range(10, 241)),
        (Lengths(longest=30.9), range(10, 31)),
        (Lengths(12.1, 1000), range(13, 601)),
        (Lengths(1, 6), range(6, 7)),
        (Lengths(600, 600), range(600, 601)),
    ],
)
def test_whole_seconds_that_models_know(lengths: Lengths, choices: range) -> None:
    assert lengths.choices(600) == choices


@pytest.mark.parametrize("lengths", [Lengths(2.2, 2.9), Lengths(longest=0.9), Lengths(30, 20), Lengths(601)])
def test_lengths_without_a_whole_second(lengths: Lengths) -> None:
    assert not lengths.choices(600)
