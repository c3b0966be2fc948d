"""What tells styles apart without knowing them: timbre, attacks and the pattern of a bar, as one vector."""

from __future__ import annotations

import librosa
import numpy as np
import numpy.typing as npt

from bench.quality.recordings import HEARD_RATE, Floats, heard, is_silent
from quartet.cli.audio import Recording

Features = npt.NDArray[np.float64]

_HOP = 256
_MELS = 36
# What lies so far below the loudest is not heard, and differs with a codec's noise.
_RANGE_DB = 50.0
_BANDS = 3
_LAGS_SECONDS = np.geomspace(0.09, 2.4, 32)
LENGTH = 3 * _MELS + _BANDS * len(_LAGS_SECONDS) + 1


def features_of(recording: Recording) -> Features:
    """[LENGTH]; zeros where there is nothing to hear."""
    mono = heard(recording)
    if is_silent(mono):
        return np.zeros(LENGTH)
    power = librosa.feature.melspectrogram(y=mono, sr=HEARD_RATE, hop_length=_HOP, n_mels=_MELS, fmin=40, fmax=9_000)
    decibel: Floats = librosa.power_to_db(power, ref=np.max, top_db=_RANGE_DB)
    rises = np.maximum(np.diff(decibel, axis=1), 0)
    stacked = [decibel.mean(axis=1), decibel.std(axis=1), rises.mean(axis=1)]
    stacked += [_rhythm(band.mean(axis=0)) for band in np.array_split(rises, _BANDS)]
    return np.concatenate([*stacked, [_width(recording)]]).astype(np.float64)


def _rhythm(onsets: Floats) -> Floats:
    """Autocorrelation of a band's attacks at delays that grow by a factor, from a short note to a slow bar."""
    centred = onsets - onsets.mean()
    spectrum = np.abs(np.fft.rfft(centred, 2 * len(centred))) ** 2
    correlation = np.fft.irfft(spectrum)[: len(centred)]
    delays = _LAGS_SECONDS * HEARD_RATE / _HOP
    found: Floats = np.interp(delays, np.arange(len(correlation)), correlation / (correlation[0] + 1e-9))
    return found


def _width(recording: Recording) -> float:
    """Energy of the sides over that of the middle, in dB."""
    left, right = recording.samples[:, 0], recording.samples[:, -1]
    sides, middle = np.square(left - right).mean(), np.square(left + right).mean()
    return float(10 * np.log10((sides + 1e-6 * middle) / (middle + 1e-12)))
