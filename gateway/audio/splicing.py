"""A source within what was made around it: its own samples where it stays, short crossfades where it ends."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Pcm = npt.NDArray[np.float32]

# Lies within the source, so that nothing is mixed with what is not there.
CROSSFADE_SECONDS = 0.025
_BLOCK_SAMPLES = 2**16


def splice(made: Pcm, source: Pcm, first: int, new: Sequence[tuple[int, int]], crossfade: int) -> None:
    """Puts a source [samples, channels] into what was made [samples, channels], in place, from sample `first` on.

    `new` are spans of samples of the result that stay as they were made. Next to each of them the source comes in over
    `crossfade` samples, linearly; all its other samples stay bit by bit.
    """
    weight = _weights(len(made), new, crossfade)
    end = min(first + len(source), len(made))
    for start in range(first, end, _BLOCK_SAMPLES):
        stop = min(start + _BLOCK_SAMPLES, end)
        share, part, kept = weight[start:stop, None], made[start:stop], source[start - first : stop - first]
        mixed = share * part + (1 - share) * kept
        part[:] = np.where(share == 0, kept, np.where(share == 1, part, mixed))


def loudest(made: Pcm, new: Sequence[tuple[int, int]], crossfade: int) -> float:
    """The largest absolute sample of what was made and is heard: in the spans and in the crossfades beside them."""
    spans = [made[max(start - crossfade, 0) : stop + crossfade] for start, stop in new]
    return max(float(np.abs(span).max(initial=0.0)) for span in spans)


def _weights(samples: int, new: Sequence[tuple[int, int]], crossfade: int) -> npt.NDArray[np.float32]:
    """How much of each sample is as it was made."""
    weight = np.zeros(samples, np.float32)
    ramp = (np.arange(crossfade, dtype=np.float32) + 1) / (crossfade + 1)
    for start, stop in new:
        weight[start:stop] = 1
        before, after = weight[max(start - crossfade, 0) : start], weight[stop : stop + crossfade]
        np.maximum(before, ramp[len(ramp) - len(before) :], out=before)
        np.maximum(after, ramp[::-1][: len(after)], out=after)
    return weight
