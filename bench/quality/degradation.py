"""Clips as a codec or a small model may leave them: without the highest tones, under noise."""

from __future__ import annotations

import numpy as np
from scipy.signal import butter, sosfilt

from bench.quality.recordings import Floats, recording_of
from quartet.cli.audio import Recording

_CUTOFF_HERTZ = (3_000.0, 11_000.0)
_RATIO_DB = (6.0, 35.0)
_ENVELOPE_SECONDS = 0.02


def degraded(recording: Recording, random: np.random.Generator) -> Recording:
    """With a low-pass and with noise of drawn strength and colour, steady or as loud as the music at each moment."""
    samples, rate = recording.samples, recording.sample_rate
    cutoff = np.exp(random.uniform(*np.log(_CUTOFF_HERTZ)))
    muffled = sosfilt(butter(4, min(cutoff, 0.49 * rate), fs=rate, output="sos"), samples, axis=0)
    noise = random.standard_normal(samples.shape)
    if random.random() < 0.5:
        noise = np.cumsum(noise, axis=0) - _smoothed(np.cumsum(noise, axis=0), rate)
    if random.random() < 0.5:
        noise *= _smoothed(np.abs(samples).max(axis=1, keepdims=True), rate)
    power = np.square(noise).mean() + 1e-12
    gain = np.sqrt(np.square(samples).mean() / power) * 10 ** (-random.uniform(*_RATIO_DB) / 20)
    return recording_of((muffled + gain * noise).astype(np.float32), rate)


def _smoothed(signal: np.ndarray[tuple[int, int], np.dtype[np.floating]], rate: int) -> Floats:
    """The moving mean of each channel."""
    kernel = np.ones(max(int(_ENVELOPE_SECONDS * rate), 1))
    kernel /= len(kernel)
    smooth: Floats = np.stack([np.convolve(channel, kernel, mode="same") for channel in signal.T], axis=1)
    return smooth
