"""Windows cover an item exactly once, in order, with equal lengths and full margins."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.vae.windows import MARGIN_FRAMES, MIN_WINDOW_FRAMES, plan

frames = st.integers(1, 2000)
window_frames = st.integers(MIN_WINDOW_FRAMES, 300)


@given(frames, window_frames)
def test_cores_cover_every_frame_once_and_in_order(frames: int, window_frames: int) -> None:
    covered = [frame for window in plan(frames, window_frames) for frame in range(window.core_start, window.core_stop)]
    assert covered == list(range(frames))


@given(frames, window_frames)
def test_windows_have_equal_lengths_and_lie_within_the_item(frames: int, window_frames: int) -> None:
    windows = plan(frames, window_frames)
    assert {window.stop - window.start for window in windows} == {min(frames, window_frames)}
    assert all(window.start >= 0 and window.stop <= frames for window in windows)


@given(frames, window_frames)
def test_cores_keep_their_margin_but_at_the_real_edges(frames: int, window_frames: int) -> None:
    for window in plan(frames, window_frames):
        assert window.start == 0 or window.core_start - window.start >= MARGIN_FRAMES
        assert window.stop == frames or window.stop - window.core_stop >= MARGIN_FRAMES


@given(frames, window_frames)
def test_no_window_is_wasted(frames: int, window_frames: int) -> None:
    core = window_frames - 2 * MARGIN_FRAMES
    assert len(plan(frames, window_frames)) <= -(-frames // core)


def test_a_window_without_a_core_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 25"):
        plan(100, 2 * MARGIN_FRAMES)
