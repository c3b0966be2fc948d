"""Sources within what was made around them."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gateway.audio.splicing import loudest, splice


def pcm(samples: int, value: float) -> np.ndarray:
    return np.full((samples, 2), value, np.float32)


def test_the_source_stays_but_for_its_crossfades() -> None:
    made = pcm(100, 1.0)
    splice(made, pcm(100, 0.0), 0, [(40, 60)], crossfade=4)
    assert np.all(made[40:60] == 1)
    assert np.allclose(made[36:40, 0], [0.2, 0.4, 0.6, 0.8])
    assert np.allclose(made[60:64, 0], [0.8, 0.6, 0.4, 0.2])
    assert np.all(made[:36] == 0)
    assert np.all(made[64:] == 0)


def test_what_lies_before_and_after_the_source_is_as_it_was_made() -> None:
    made = pcm(30, 1.0)
    splice(made, pcm(10, 0.0), 10, [(0, 10), (20, 30)], crossfade=2)
    assert np.all(made[:10] == 1)
    assert np.all(made[20:] == 1)
    assert np.all(made[12:18] == 0)


def test_what_is_heard_of_the_crossfades_counts_as_loud() -> None:
    made = pcm(100, 0.1)
    made[38] = 1.6
    assert loudest(made, [(40, 60)], crossfade=4) == np.float32(1.6)
    assert loudest(made, [(40, 60)], crossfade=1) == np.float32(0.1)


@given(st.integers(0, 60), st.integers(1, 40), st.integers(0, 20), st.floats(-1, 1, width=32))
def test_every_other_sample_is_the_sources_own(start: int, length: int, crossfade: int, value: float) -> None:
    source = np.linspace(-1, 1, 200, dtype=np.float32).reshape(100, 2)
    made = pcm(100, value)
    splice(made, source, 0, [(start, start + length)], crossfade)
    untouched = np.ones(100, bool)
    untouched[max(start - crossfade, 0) : start + length + crossfade] = False
    assert np.array_equal(made[untouched], source[untouched])
    assert np.all(made[start : start + length] == np.float32(value))
    low, high = np.minimum(source, np.float32(value)), np.maximum(source, np.float32(value))
    assert np.all((low - 1e-6 <= made) & (made <= high + 1e-6))
