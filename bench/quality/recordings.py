"""Recordings at the one rate that measures listen at, so that a codec of another rate is heard in the same way."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import soxr

from quartet.cli.audio import Recording, Samples
from training.synth.clip import RATE

HEARD_RATE = RATE
Floats = npt.NDArray[np.float32]


def recording_of(samples: Samples, rate: int) -> Recording:
    """Samples [samples, channels] that no file holds, as a recording."""
    return Recording("", "", rate, samples)


def resampled(recording: Recording, rate: int) -> Recording:
    """The same at another rate."""
    if recording.sample_rate == rate:
        return recording
    samples: Samples = soxr.resample(recording.samples, recording.sample_rate, rate)
    return recording_of(samples, rate)


def plus(one: Recording, other: Recording, sign: float = 1) -> Recording:
    """Both together, or one without the other with a sign of -1; of one rate and the shorter length."""
    shorter = min(len(one.samples), len(other.samples))
    return recording_of(one.samples[:shorter] + sign * other.samples[:shorter], one.sample_rate)


def heard(recording: Recording) -> Floats:
    """Mono [samples] at `HEARD_RATE`."""
    mono: Floats = resampled(recording, HEARD_RATE).samples.mean(axis=1)
    return mono


def is_silent(mono: Floats) -> bool:
    """Whether there is nothing to hear in samples, so that no tempo, key or style can be found."""
    return float(np.abs(mono).max(initial=0.0)) < 1e-5
