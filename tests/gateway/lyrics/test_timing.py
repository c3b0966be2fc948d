"""Times of words and lines: by hand-made attention, by rules that always hold, and against known truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.lyrics.timing import TimedLine, timed_lines
from gateway.lyrics.warping import Matrix
from gateway.lyrics.words import Span, sung_lines
from tests.gateway.lyrics.synthetic import SECONDS_PER_MOMENT, Singing, singing

LYRICS = "[Verse]\none two\nthree"
SPANS: list[Span] = [(0, 0), (0, 8), (8, 11), (11, 15), (15, 16), (16, 21), (21, 21)]
ONE, TWO, THREE = 2, 3, 5


def attention(tokens: dict[int, range], moments: int = 60) -> Matrix:
    found = np.full((len(SPANS), moments), 0.01, np.float32)
    for token, places in tokens.items():
        found[token, list(places)] = 0.5
    return found


def timed(found: Matrix, seconds: float = 0.1) -> tuple[TimedLine, ...]:
    return timed_lines(sung_lines(LYRICS), found, SPANS, np.arange(found.shape[1] + 1) * seconds)


def test_words_sound_where_they_are_attended_to() -> None:
    first, second = timed(attention({ONE: range(10, 20), TWO: range(20, 25), THREE: range(40, 50)}))
    assert (first.text, second.text) == ("one two", "three")
    times = [(word.text, word.start, word.end) for line in (first, second) for word in line.words]
    assert [name for name, *_ in times] == ["one", "two", "three"]
    expected = [(1.0, 2.0), (2.0, 2.5), (4.0, 5.0)]
    np.testing.assert_allclose([(start, end) for _, start, end in times], expected, atol=0.1 + 1e-9)
    assert (first.start, first.end) == (times[0][1], times[1][2])
    assert all(word.confidence > 0.8 for line in (first, second) for word in line.words)


def test_a_line_that_is_sung_again_waits_for_its_turn() -> None:
    """Both words attend to both places of the refrain."""
    both = {ONE: [*range(10, 20), *range(40, 50)], THREE: [*range(10, 20), *range(40, 50)]}
    found = attention({TWO: range(25, 30)})
    for token, places in both.items():
        found[token, places] = 0.5
    first, second = timed(found)
    assert first.start == pytest.approx(1.0, abs=0.1)
    assert second.start == pytest.approx(4.0, abs=0.1)
    assert first.words[0].confidence == pytest.approx(0.5, abs=0.1)


def test_many_words_in_one_moment_share_it() -> None:
    words = [word for line in timed(attention({}, moments=1), 0.3) for word in line.words]
    np.testing.assert_allclose([(word.start, word.end) for word in words], [(0, 0.1), (0.1, 0.2), (0.2, 0.3)])
    assert [word.confidence for word in words] == [0, 0, 0]


def test_words_that_were_cut_have_no_times() -> None:
    cut = [span if token < TWO else (0, 0) for token, span in enumerate(SPANS)]
    (line,) = timed_lines(sung_lines(LYRICS), attention({}), cut, np.arange(61.0))
    assert [word.text for word in line.words] == ["one"]
    assert timed_lines(sung_lines(LYRICS), attention({}), [(0, 0)] * len(SPANS), np.arange(61.0)) == ()


def test_a_song_may_end_within_a_moment() -> None:
    edges = np.minimum(np.arange(61), 59.5)
    found = attention({ONE: range(10), TWO: range(10, 20), THREE: range(20, 60)})
    *_, last = timed_lines(sung_lines(LYRICS), found, SPANS, edges)
    assert last.end == 59.5


@given(st.integers(1, 40), st.integers(0, 999), st.sampled_from([0.0, 1e-4, 1.0]))
def test_words_follow_one_another_within_the_song(moments: int, seed: int, scale: float) -> None:
    noise = np.random.default_rng(seed).random((len(SPANS), moments)).astype(np.float32) ** 4 * np.float32(scale)
    lines = timed(noise)
    assert [line.text for line in lines] == ["one two", "three"]
    bounds = [bound for line in lines for word in line.words for bound in (word.start, word.end)]
    assert bounds == sorted(bounds)
    assert bounds[0] >= 0
    assert bounds[-1] <= moments * 0.1 + 1e-9
    for word in (word for line in lines for word in line.words):
        assert word.start < word.end
        assert 0 <= word.confidence <= 1


def line_errors(song: Singing) -> list[float]:
    edges = np.arange(song.attention.shape[1] + 1) * SECONDS_PER_MOMENT
    found = timed_lines(sung_lines(song.lyrics), song.attention, song.spans, edges)
    return [abs(line.start - start) for line, (start, _) in zip(found, song.lines, strict=True)]


@pytest.mark.parametrize(
    "difficulty",
    [{}, {"blur": 2.0, "noise": 0.1}, {"blur": 6.0}, {"noise": 0.5}, {"chorus": 0.9}, {"lines": 40}],
    ids=["usual", "clear", "blurred", "noisy", "refrains", "long"],
)
def test_lines_are_found_within_a_third_of_a_second(difficulty: dict[str, float]) -> None:
    errors = [error for seed in range(4) for error in line_errors(singing(seed, **difficulty))]  # type: ignore[arg-type]
    assert np.median(errors) <= 0.3
