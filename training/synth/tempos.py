"""The tempos that music is played at: words may say any, and it is played at the one nearest by.

There are as few as a clock can have hands (`training.clock`): a network that is to keep a beat picks one of them, which
is learned at once, and it goes right for as long as a song lasts.
"""

from __future__ import annotations

import numpy as np

# Evenly in ratio: no tempo is further than 2.4 % from one of them.
BARS_PER_MINUTE: tuple[float, ...] = tuple(float(bars) for bars in np.geomspace(15.0, 64.0, 32))


def nearest(bpm: float, beats_per_bar: int) -> int:
    """The number of the tempo whose bars are nearest to those of so many beats per minute."""
    return int(np.argmin(np.abs(np.log(np.array(BARS_PER_MINUTE) * beats_per_bar / bpm))))
