"""How a long item is cut into equal windows whose stitched results equal the one-shot result.

An output of the codec depends on less than 10 frames to each side when decoding and on 6 when encoding
(spec/model.md §2.10), so a core with a margin of 12 frames on each side comes out as in the whole.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

MARGIN_FRAMES = 12
MIN_WINDOW_FRAMES = 2 * MARGIN_FRAMES + 1
# Lengths that the dilations of the codec, 3 and 9, divide, so that no activation has to be filled up.
LENGTH_STEP = 9


@dataclass(frozen=True)
class Window:
    """Frames [start, stop) that the network sees, of which [core_start, core_stop) are kept."""

    start: int
    stop: int
    core_start: int
    core_stop: int


def plan(frames: int, longest: int) -> tuple[Window, ...]:
    """Windows that cover an item of `frames` in order; their cores cover each frame once.

    An item of at most `longest` frames is one window. Others get the fewest windows of that length that suffice, made
    equal and as short as they still suffice, so that little is computed twice. At the ends of the item windows begin
    and end with it, so that padding acts as in the whole. Raises ValueError where a window would have no core.
    """
    if longest < MIN_WINDOW_FRAMES:
        raise ValueError(f"a window of {longest} frames has no core; it takes at least {MIN_WINDOW_FRAMES}")
    if frames <= longest:
        return (Window(0, frames, 0, frames),)
    length = _equal_length(frames, longest)
    windows: list[Window] = []
    kept = 0
    while kept < frames:
        start = min(max(kept - MARGIN_FRAMES, 0), frames - length)
        stop = start + length
        windows.append(Window(start, stop, kept, stop if stop == frames else stop - MARGIN_FRAMES))
        kept = windows[-1].core_stop
    return tuple(windows)


def _equal_length(frames: int, longest: int) -> int:
    """Two margins of an item belong to no other window; what is between them is shared out."""
    inner = frames - 2 * MARGIN_FRAMES
    count = math.ceil(inner / (longest - 2 * MARGIN_FRAMES))
    length = math.ceil(inner / count) + 2 * MARGIN_FRAMES
    return min(longest, math.ceil(length / LENGTH_STEP) * LENGTH_STEP)
