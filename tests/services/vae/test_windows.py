"""Windows cover an item exactly once, in order, with equal lengths and full margins."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.vae.windows import LENGTH_STEP, MARGIN_FRAMES, MIN_WINDOW_FRAMES, plan

frames = st.integers(1, 2000)
window_frames = st.integers(MIN_WINDOW_FRAMES, 300)


@given(frames, window_frames)
def test_cores_cover_every_frame_once_and_in_order(frames: int, window_frames: int) -> None:
    covered = [frame for window in plan(frames, window_frames) for frame in range(window.core_start, window.core_stop)]
    assert covered == list(range(frames))


@given(frames, window_frames)
def test_windows_have_equal_lengths_and_lie_within_the_item(frames: int, window_frames: int) -> None:
    windows = plan(frames, window_frames)
    lengths = {window.stop - window.start for window in windows}
    assert len(lengths) == 1
    assert max(lengths) <= min(frames, window_frames)
    assert all(window.start >= 0 and window.stop <= frames for window in windows)


@given(frames, window_frames)
def test_cores_keep_their_margin_but_at_the_real_edges(frames: int, window_frames: int) -> None:
    for window in plan(frames, window_frames):
        assert window.start == 0 or window.core_start - window.start >= MARGIN_FRAMES
        assert window.stop == frames or window.stop - window.core_stop >= MARGIN_FRAMES


@given(frames, window_frames)
def test_there_are_no_more_and_no_longer_windows_than_needed(frames: int, window_frames: int) -> None:
    """Of the longest windows one less would not reach; of the chosen ones, but for rounding to nine, neither."""
    windows = plan(frames, window_frames)
    if len(windows) > 1:
        inner, less = frames - 2 * MARGIN_FRAMES, len(windows) - 1
        assert inner > less * (window_frames - 2 * MARGIN_FRAMES)
        length = windows[0].stop - windows[0].start
        assert inner > len(windows) * (length - LENGTH_STEP - 2 * MARGIN_FRAMES)


def test_half_a_minute_is_three_windows() -> None:
    assert [(w.start, w.core_start, w.core_stop, w.stop) for w in plan(750, 270)] == [
        (0, 0, 258, 270),
        (246, 258, 504, 516),
        (480, 504, 750, 750),
    ]


def test_a_window_without_a_core_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 25"):
        plan(100, 2 * MARGIN_FRAMES)
