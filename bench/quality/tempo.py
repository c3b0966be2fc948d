"""Tempo by beat tracking. Half and double are told apart: where the beat is, listeners disagree too."""

from __future__ import annotations

from enum import StrEnum

import librosa
import numpy as np

from bench.quality.recordings import HEARD_RATE, heard, is_silent
from quartet.cli.audio import Recording
from training.synth.styles import Style

TOLERANCE = 0.04
# Samples from one strength of onsets to the next.
HOP = 256
_FEW_BEATS = 4


class TempoMatch(StrEnum):
    """How a tempo that was found relates to the one that was asked for."""

    EXACT = "exact"
    HALF = "half"
    DOUBLE = "double"
    OTHER = "other"


def tempo_of(recording: Recording) -> float:
    """Beats per minute; 0 where there is nothing to hear or no beat.

    The tracker's own tempo is one of steps of 2 %, so where it hears some beats, it is their mean distance.
    """
    mono = heard(recording)
    if is_silent(mono):
        return 0.0
    tempo, beats = librosa.beat.beat_track(y=mono, sr=HEARD_RATE, hop_length=HOP)
    if len(beats) < _FEW_BEATS:
        return float(np.atleast_1d(tempo)[0])
    hops_per_beat = np.polynomial.Polynomial.fit(np.arange(len(beats)), beats, 1).convert().coef[1]
    return float(60 * HEARD_RATE / HOP / hops_per_beat)


def match_tempo(found: float, asked: float) -> TempoMatch:
    """The relation of two tempos in beats per minute, within 4 %."""
    for match, factor in ((TempoMatch.EXACT, 1.0), (TempoMatch.HALF, 0.5), (TempoMatch.DOUBLE, 2.0)):
        if abs(found / (factor * asked) - 1) <= TOLERANCE:
            return match
    return TempoMatch.OTHER


def is_tempo_of(style: Style, bpm: float, *, margin: float) -> bool:
    """Whether a style is played at a tempo, or at one that its own come so near to, as a share."""
    slowest, fastest = style.bpm
    return slowest * (1 - margin) <= bpm <= fastest * (1 + margin)
