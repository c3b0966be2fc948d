"""What several pages measure of a song, beside what `bench.quality` does."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bench.guide.readings import Reading
from bench.quality.key import keys_of
from bench.quality.levels import levels_of
from bench.quality.similarity import distance_db
from bench.quality.tempo import tempo_of
from quartet.cli.audio import Recording, Samples
from quartet.cli.plot import log_mel

# Beside a joint the old music is faded into the new.
JOINT_SECONDS = 0.025


def heard(sound: Recording, whose: str = "") -> tuple[Reading, ...]:
    """Tempo, key, peak and silence of a song."""
    levels, keys, of = levels_of(sound), keys_of(sound), f" of {whose}" if whose else ""
    return (
        Reading(f"tempo{of}", tempo_of(sound), "bpm", 0),
        Reading(f"key{of}", str(keys[0]) if keys else "none"),
        Reading(f"peak{of}", levels.peak_dbfs, "dBFS"),
        Reading(f"silent share{of}", 100 * levels.silent_share, "%", 0),
    )


def places(seconds: float, rate: int, spans: Sequence[tuple[float, float]]) -> npt.NDArray[np.bool_]:
    """Which samples lie within spans in seconds, or beside their joints."""
    found = np.zeros(round(seconds * rate), np.bool_)
    for start, end in spans:
        found[max(round((start - JOINT_SECONDS) * rate), 0) : round((end + JOINT_SECONDS) * rate)] = True
    return found


def differing(one: Samples, other: Samples) -> int:
    """How many samples of [samples, channels] are not equal in every channel."""
    return int(np.count_nonzero((one != other).any(axis=1)))


def change_db(found: Recording, wanted: Recording) -> float:
    """Energy of the difference over that of what was wanted, at one level and the shorter length."""
    one, other = _as_long(found, wanted)
    return distance_db(matched(one, other), other)


def error_db(found: Recording, wanted: Recording) -> float:
    """The same at the levels as they are."""
    return distance_db(*_as_long(found, wanted))


def _as_long(one: Recording, other: Recording) -> tuple[Samples, Samples]:
    shorter = min(len(one.samples), len(other.samples))
    return one.samples[:shorter], other.samples[:shorter]


def matched(found: Samples, wanted: Samples) -> Samples:
    """The first at the level at which it is nearest to the second, so that normalisation to a peak does not count."""
    energy = float(np.square(found, dtype=np.float64).sum())
    gain = float((found * wanted).sum(dtype=np.float64)) / energy if energy else 0.0
    return np.asarray(gain * found, np.float32)


def colour_distance_db(one: Recording, other: Recording) -> float:
    """How far the mean spectra of two songs are apart: the RMS over mel bands, in dB."""
    spectra = [
        10 * np.log10((10 ** (log_mel(song.samples, song.sample_rate) / 10)).mean(axis=1)) for song in (one, other)
    ]
    apart = spectra[0] - spectra[1]
    return float(np.sqrt(np.square(apart - apart.mean()).mean()))
