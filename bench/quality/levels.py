"""What is wrong with a level: silence and clipping; and how loud it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quartet.cli.audio import Recording, Samples, loudness_lufs, peak_dbfs, silence

FULL_SCALE = 0.999
CLIPPED_RUN = 3
SILENT_SHARE = 0.5


@dataclass(frozen=True)
class Levels:
    """Share of a recording that is below -60 dBFS, samples in flat runs at full scale, LUFS and the peak in dBFS."""

    silent_share: float
    clipped_samples: int
    loudness_lufs: float
    peak_dbfs: float

    @property
    def is_silent(self) -> bool:
        """Whether there is silence over half of it."""
        return self.silent_share > SILENT_SHARE

    @property
    def is_clipped(self) -> bool:
        """Whether any samples are."""
        return self.clipped_samples > 0


def levels_of(recording: Recording) -> Levels:
    """Measures a recording of any rate; loudness is -inf for silence."""
    return Levels(
        silent_share=silence(recording).total / max(recording.seconds, 1e-9),
        clipped_samples=clipped_samples(recording.samples),
        loudness_lufs=loudness_lufs(recording),
        peak_dbfs=peak_dbfs(recording.samples),
    )


def clipped_samples(samples: Samples) -> int:
    """Samples of [samples, channels] that lie in a run of three or more at full scale of one channel."""
    return sum(_in_runs(np.abs(channel) >= FULL_SCALE) for channel in samples.T)


def _in_runs(flags: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> int:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    lengths = edges[1::2] - edges[::2]
    return int(lengths[lengths >= CLIPPED_RUN].sum())
