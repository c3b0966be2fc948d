"""Silence, clipping and loudness are measured."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bench.quality.levels import clipped_samples, levels_of
from bench.quality.recordings import recording_of

RATE = 24_000
SINE = np.sin(2 * np.pi * 997 * np.arange(4 * RATE) / RATE).astype(np.float32)


def test_a_sine_is_neither_silent_nor_clipped() -> None:
    levels = levels_of(recording_of(0.1 * SINE[:, None], RATE))
    assert not levels.is_silent
    assert not levels.is_clipped
    # BS.1770: a full-scale sine at 997 Hz on one channel has -3.01 LUFS.
    assert levels.loudness_lufs == pytest.approx(-23.01, abs=0.1)
    assert levels.peak_dbfs == pytest.approx(-20, abs=0.01)


def test_flat_tops_at_full_scale_are_clipped() -> None:
    assert clipped_samples(np.clip(1.5 * SINE, -1, 1)[:, None]) > RATE
    single = np.array([[0.0], [1.0], [0.2], [-1.0], [-1.0], [0.0]], np.float32)
    assert clipped_samples(single) == 0
    assert clipped_samples(np.array([[1.0], [1.0], [1.0]], np.float32)) == 3


def test_some_silence_is_allowed() -> None:
    started_late = np.concatenate([np.zeros(RATE, np.float32), SINE[: 2 * RATE]])[:, None]
    assert not levels_of(recording_of(started_late, RATE)).is_silent
    nothing = levels_of(recording_of(np.zeros((RATE, 2), np.float32), RATE))
    assert nothing.is_silent
    assert nothing.loudness_lufs == -math.inf
