"""Reads audio files and measures them: level, loudness, silence."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from quartet.audio_files import AudioError, opened
from quartet.audio_files import Samples as Samples
from quartet.cli.loudness import integrated_loudness
from quartet.cli.main import CommandError

SILENCE_DBFS = -60.0
SILENCE_WINDOW_SECONDS = 0.1


@dataclass(frozen=True)
class Recording:
    """A decoded file: `samples` is [samples, channels], full scale at 1."""

    container: str
    codec: str
    sample_rate: int
    samples: Samples

    @property
    def seconds(self) -> float:
        """Duration."""
        return len(self.samples) / self.sample_rate

    @property
    def channels(self) -> int:
        """Number of channels."""
        return int(self.samples.shape[1])


@dataclass(frozen=True)
class Silence:
    """Seconds in which no sample of a 100 ms window is above -60 dBFS."""

    leading: float
    trailing: float
    total: float


def read(path: Path) -> Recording:
    """Decodes a file. Raises CommandError where it is no audio that can be read, or is cut off."""
    if not path.is_file():
        raise CommandError(f"{path} does not exist" if not path.exists() else f"{path} is not a file")
    try:
        with opened(path) as file:
            blocks = [np.empty((0, file.channels), np.float32), *file.blocks()]
            return Recording(file.container, file.codec, file.sample_rate, np.concatenate(blocks))
    except AudioError as error:
        raise CommandError(f"{path} {error}") from None


def peak_dbfs(samples: Samples) -> float:
    """Largest absolute sample; -inf for digital silence."""
    return _decibel(float(np.abs(samples).max(initial=0.0)))


def rms_dbfs(samples: Samples) -> float:
    """Root of the mean square over all channels; a full-scale sine has -3.01."""
    return _decibel(math.sqrt(float(np.mean(np.square(samples, dtype=np.float64)))) if samples.size else 0.0)


def loudness_lufs(recording: Recording) -> float:
    """Integrated loudness as ITU-R BS.1770; -inf where nothing passes the gate."""
    return integrated_loudness(recording.samples, recording.sample_rate)


def silence(recording: Recording) -> Silence:
    """How much of the recording is silent, and where it starts and ends with silence."""
    window = max(int(SILENCE_WINDOW_SECONDS * recording.sample_rate), 1)
    peaks = np.abs(recording.samples).max(axis=1, initial=0.0)
    starts = np.arange(0, len(peaks), window)
    if not len(starts):
        return Silence(0.0, 0.0, 0.0)
    silent = np.maximum.reduceat(peaks, starts) < 10 ** (SILENCE_DBFS / 20)
    lengths = np.diff(np.append(starts, len(peaks))) / recording.sample_rate
    loud = np.flatnonzero(~silent)
    if not len(loud):
        return Silence(recording.seconds, recording.seconds, recording.seconds)
    first, last = int(loud[0]), int(loud[-1])
    return Silence(float(lengths[:first].sum()), float(lengths[last + 1 :].sum()), float(lengths[silent].sum()))


def _decibel(amplitude: float) -> float:
    return 20 * math.log10(amplitude) if amplitude > 0 else -math.inf
