"""Clips as a codec or a small model may leave them: dull, without their faint tones, under noise."""

from __future__ import annotations

import numpy as np
from scipy.signal import butter, istft, sosfilt, stft

from bench.quality.recordings import Floats, recording_of
from quartet.cli.audio import Recording, Samples

_CUTOFF_HERTZ = (1_000.0, 11_000.0)
_GATE_DB = (-50.0, -15.0)
_RATIO_DB = (6.0, 35.0)
_ENVELOPE_SECONDS = 0.02
_WINDOW = 1024


def degraded(recording: Recording, random: np.random.Generator) -> Recording:
    """A low-pass, then faint tones removed or noise added or both, each as strong as it is drawn."""
    samples, rate = recording.samples, recording.sample_rate
    cutoff = min(float(np.exp(random.uniform(*np.log(_CUTOFF_HERTZ)))), 0.49 * rate)
    order = int(random.integers(1, 5))
    found = sosfilt(butter(order, cutoff, fs=rate, output="sos"), samples, axis=0).astype(np.float32)
    kind = random.integers(3)
    if kind != 0:
        found = _without_faint_tones(found, random.uniform(*_GATE_DB))
    if kind != 1:
        found = found + _noise(samples, rate, random)
    return recording_of(found.astype(np.float32), rate)


def _without_faint_tones(samples: Samples, gate_db: float) -> Samples:
    """Only what lies no further below the loudest tone of the same moment."""
    _, _, spectrum = stft(samples.T, nperseg=_WINDOW)
    level = np.abs(spectrum)
    kept = level >= level.max(axis=1, keepdims=True) * 10 ** (gate_db / 20)
    _, found = istft(spectrum * kept, nperseg=_WINDOW)
    return np.ascontiguousarray(found.T[: len(samples)], dtype=np.float32)


def _noise(samples: Samples, rate: int, random: np.random.Generator) -> Floats:
    """White or dark noise, steady or as loud as the music is at each moment."""
    noise = random.standard_normal(samples.shape)
    if random.random() < 0.5:
        noise = np.cumsum(noise, axis=0) - _smoothed(np.cumsum(noise, axis=0), rate)
    if random.random() < 0.5:
        noise *= _smoothed(np.abs(samples).max(axis=1, keepdims=True), rate)
    power = np.square(noise).mean() + 1e-12
    gain = np.sqrt(np.square(samples).mean() / power) * 10 ** (-random.uniform(*_RATIO_DB) / 20)
    found: Floats = (gain * noise).astype(np.float32)
    return found


def _smoothed(signal: np.ndarray[tuple[int, int], np.dtype[np.floating]], rate: int) -> Floats:
    """The moving mean of each channel."""
    kernel = np.ones(max(int(_ENVELOPE_SECONDS * rate), 1))
    kernel /= len(kernel)
    smooth: Floats = np.stack([np.convolve(channel, kernel, mode="same") for channel in signal.T], axis=1)
    return smooth
