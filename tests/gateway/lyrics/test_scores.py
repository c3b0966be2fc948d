"""Scores against their formulas by hand (spec/planner.md §6.2)."""

from __future__ import annotations

import numpy as np
import pytest

from gateway.lyrics.scores import Scores, scores_of
from gateway.lyrics.warping import Matrix


def diagonal(tokens: int = 6, each: int = 20) -> Matrix:
    return np.repeat(np.eye(tokens, dtype=np.float32), each, axis=1) * 0.4 + 0.1


def test_lyrics_that_are_followed_to_the_letter() -> None:
    scores = scores_of(diagonal(), [False] * 6)
    assert (scores.coverage, scores.monotonicity, scores.confidence) == (1, 1, 1)
    assert scores.overall == 1


def test_a_token_that_nobody_sings_lowers_the_coverage() -> None:
    attention = diagonal()
    attention[2] = 0.1
    scores = scores_of(attention, [False] * 6)
    assert scores.coverage == pytest.approx(5 / 6)
    assert scores.monotonicity == 1
    assert scores_of(attention, [number == 2 for number in range(6)]).coverage == 1


def test_order_counts_beyond_three_quarters_of_a_second() -> None:
    """Tokens 2 and 3 change places: one of five neighbours goes back, by 20 moments."""
    attention = diagonal()[[0, 1, 3, 2, 4, 5]]
    assert scores_of(attention, [False] * 6).monotonicity == pytest.approx(4 / 5)
    close = diagonal(each=9)[[0, 1, 3, 2, 4, 5]]
    assert scores_of(close, [False] * 6).monotonicity == 1


def test_confidence_is_the_mean_on_the_way() -> None:
    attention = diagonal(tokens=2, each=2)
    attention[1, 2] = 0.3
    assert scores_of(attention, [False, False]).confidence == pytest.approx((1 + 1 + 0.5 + 1) / 4)


def test_attention_that_says_nothing() -> None:
    scores = scores_of(np.full((4, 30), 0.1, np.float32), [False] * 4)
    assert (scores.coverage, scores.confidence, scores.overall) == (0, 0, 0)
    assert scores_of(diagonal(), [True] * 6).coverage == 1


def test_the_overall_score() -> None:
    assert Scores(0.5, 0.8, 0.9).overall == pytest.approx(0.25 * 0.64 * 0.9)
