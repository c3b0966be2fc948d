"""Shares of the network: short items pass long ones, nobody starves, equals go together."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.runtime.turns import Turns

SIZES = st.lists(st.integers(1, 8000), min_size=1, max_size=8)


def turns(*, budget: int = 2048, slack: int = 2048, alone: bool = False) -> Turns[str]:
    return Turns(budget, slack, alone=alone)


def test_equal_items_share_steps_up_to_the_budget() -> None:
    shared = turns(budget=250)
    for name in "abc":
        shared.enter(name, 125)
    assert [sorted(shared.next()) for _ in range(3)] == [["a", "b"], ["a", "c"], ["b", "c"]]


def test_a_step_takes_an_item_that_is_longer_than_the_budget() -> None:
    shared = turns(budget=100)
    shared.enter("long", 7500)
    assert shared.next() == ["long"]


def test_a_short_item_waits_for_no_step_of_a_long_one() -> None:
    """A song of 600 s is at its steps when one of 10 s and 8 steps comes: those are the next eight."""
    shared = turns(budget=10_000)
    shared.enter("600 s", 7500)
    for _ in range(5):
        assert shared.next() == ["600 s"]
    shared.enter("10 s", 125)
    assert [shared.next() for _ in range(8)] == [["10 s"]] * 8
    shared.leave("10 s")
    assert shared.next() == ["600 s"]


def test_a_long_item_is_not_starved_by_short_ones() -> None:
    shared = turns()
    shared.enter("long", 7500)
    steps = 0
    for number in range(100):
        shared.enter(f"short {number}", 125)
        for _ in range(8):
            steps += shared.next() == ["long"]
        shared.leave(f"short {number}")
    assert steps >= 10


def test_alone_is_one_by_one() -> None:
    shared = turns(alone=True)
    shared.enter("a", 10)
    shared.enter("b", 10)
    assert [shared.next() for _ in range(4)] == [["a"], ["b"], ["a"], ["b"]]


def test_nobody_is_no_step() -> None:
    assert turns().next() == []


@given(SIZES, st.integers(1, 20_000), st.integers(0, 4000), st.booleans())
def test_shares_are_fair(sizes: list[int], budget: int, slack: int, alone: bool) -> None:
    """Served tokens of two items never part by more than a step of each and the slack."""
    shared: Turns[int] = Turns(budget, slack, alone=alone)
    for item, tokens in enumerate(sizes):
        shared.enter(item, tokens)
    served = dict.fromkeys(range(len(sizes)), 0)
    for _ in range(60):
        picked = shared.next()
        assert len(set(picked)) == len(picked) > 0
        assert len(picked) == 1 or sum(sizes[item] for item in picked) <= budget
        for item in picked:
            served[item] += sizes[item]
        for first in served:
            for second in served:
                assert served[first] - served[second] <= sizes[first] + sizes[second] + slack


def test_who_is_not_ready_is_passed_over_and_has_no_claim_afterwards() -> None:
    shared = turns(budget=1)
    shared.enter("slow", 1)
    shared.enter("quick", 1)
    assert [shared.next(lambda name: name != "slow") for _ in range(10)] == [["quick"]] * 10
    after = [shared.next()[0] for _ in range(6)]
    assert after.count("slow") <= 4
    assert shared.next(lambda name: False) == []
