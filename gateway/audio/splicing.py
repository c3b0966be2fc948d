"""A source within what was made around it: its own samples where it stays, short crossfades where it ends."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Pcm = npt.NDArray[np.float32]

# Lies within the source, so that nothing is mixed with what is not there.
CROSSFADE_SECONDS = 0.025


def splice(made: Pcm, source: Pcm, first: int, new: Sequence[tuple[int, int]], crossfade: int) -> None:
    """Puts a source [samples, channels] into what was made [samples, channels], in place, from sample `first` on.

    `new` are spans of samples of the result that stay as they were made. Next to each of them the source comes in over
    `crossfade` samples, linearly; all its other samples stay bit by bit.
    """
    end = min(first + len(source), len(made))
    weight = np.zeros(len(made), np.float32)
    ramp = (np.arange(crossfade, dtype=np.float32) + 1) / (crossfade + 1)
    for start, stop in new:
        weight[start:stop] = 1
        before, after = weight[max(start - crossfade, 0) : start], weight[stop : stop + crossfade]
        np.maximum(before, ramp[len(ramp) - len(before) :], out=before)
        np.maximum(after, ramp[::-1][: len(after)], out=after)
    weight[:first] = 1
    weight[end:] = 1
    share = weight[first:end, None]
    part = made[first:end]
    mixed = share * part + (1 - share) * source[: end - first]
    part[:] = np.where(share == 0, source[: end - first], np.where(share == 1, part, mixed))
