"""What the guide measures is what it says."""

from __future__ import annotations

import numpy as np
import pytest

from bench.guide.measures import change_db, colour_distance_db, differing, matched, places
from bench.quality.recordings import recording_of

RATE = 8000
NOISE = np.random.default_rng(0).standard_normal((RATE, 2)).astype(np.float32)
SOUND = recording_of(NOISE, RATE)


def test_places_are_spans_and_what_is_beside_their_joints() -> None:
    found = places(1.0, RATE, [(0.25, 0.5)])
    assert np.flatnonzero(found)[[0, -1]].tolist() == [1800, 4199]
    assert found.sum() == 2400
    assert places(1.0, RATE, [(0.0, 0.0)]).sum() == 200


def test_a_sample_differs_where_any_channel_does() -> None:
    other = NOISE.copy()
    other[10, 0] += 1
    other[11] += 1
    assert differing(other, NOISE) == 2


def test_change_does_not_hear_the_level() -> None:
    assert change_db(recording_of(0.5 * NOISE, RATE), SOUND) < -100
    assert change_db(recording_of(NOISE[::-1].copy(), RATE), SOUND) == pytest.approx(0, abs=0.1)
    assert not matched(np.zeros_like(NOISE), NOISE).any()


def test_colour_is_the_spectrum_and_not_the_level() -> None:
    dull = np.cumsum(NOISE, axis=0, dtype=np.float32)
    assert colour_distance_db(SOUND, recording_of(0.1 * NOISE, RATE)) == pytest.approx(0, abs=0.01)
    assert colour_distance_db(SOUND, recording_of(dull, RATE)) > 3
