"""How a long item is cut into equal windows whose stitched results equal the one-shot result.

An output of the codec depends on less than 10 frames to each side when decoding and on 6 when encoding
(spec/model.md §2.10), so a core with a margin of 12 frames on each side comes out as in the whole.
"""

from __future__ import annotations

from dataclasses import dataclass

MARGIN_FRAMES = 12
MIN_WINDOW_FRAMES = 2 * MARGIN_FRAMES + 1


@dataclass(frozen=True)
class Window:
    """Frames [start, stop) that the network sees, of which [core_start, core_stop) are kept."""

    start: int
    stop: int
    core_start: int
    core_stop: int


def plan(frames: int, window_frames: int) -> tuple[Window, ...]:
    """Windows that cover an item of `frames` in order; their cores cover each frame once.

    All windows are `window_frames` long, or there is one as long as the item. At the ends they are shifted inwards, so
    that their edges are the real edges and padding acts as in the whole. Raises ValueError where a window is shorter
    than MIN_WINDOW_FRAMES.
    """
    if window_frames < MIN_WINDOW_FRAMES:
        raise ValueError(f"a window of {window_frames} frames has no core; it takes at least {MIN_WINDOW_FRAMES}")
    if frames <= window_frames:
        return (Window(0, frames, 0, frames),)
    core = window_frames - 2 * MARGIN_FRAMES
    last_start = frames - window_frames
    windows = []
    for core_start in range(0, frames, core):
        start = min(max(core_start - MARGIN_FRAMES, 0), last_start)
        windows.append(Window(start, start + window_frames, core_start, min(core_start + core, frames)))
    return tuple(windows)
