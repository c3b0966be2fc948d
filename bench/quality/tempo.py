"""Tempo by beat tracking. Half and double are told apart: where the beat is, listeners disagree too."""

from __future__ import annotations

from enum import StrEnum

import librosa
import numpy as np

from bench.quality.recordings import HEARD_RATE, heard, is_silent
from quartet.cli.audio import Recording

TOLERANCE = 0.04
_HOP = 256


class TempoMatch(StrEnum):
    """How a tempo that was found relates to the one that was asked for."""

    EXACT = "exact"
    HALF = "half"
    DOUBLE = "double"
    OTHER = "other"


def tempo_of(recording: Recording) -> float:
    """Beats per minute; 0 where there is nothing to hear or no beat."""
    mono = heard(recording)
    if is_silent(mono):
        return 0.0
    tempo, _ = librosa.beat.beat_track(y=mono, sr=HEARD_RATE, hop_length=_HOP)
    return float(np.atleast_1d(tempo)[0])


def match_tempo(found: float, asked: float) -> TempoMatch:
    """The relation of two tempos in beats per minute, within 4 %."""
    for match, factor in ((TempoMatch.EXACT, 1.0), (TempoMatch.HALF, 0.5), (TempoMatch.DOUBLE, 2.0)):
        if abs(found / (factor * asked) - 1) <= TOLERANCE:
            return match
    return TempoMatch.OTHER
