"""Tempo and key are heard as they are: in clicks and chords of known facts, and in clips of the generator."""

from __future__ import annotations

import numpy as np
import pytest

from bench.quality.key import key_named, keys_of, match_key, rank_keys, relative_of
from bench.quality.recordings import recording_of
from bench.quality.tempo import TempoMatch, match_tempo, tempo_of
from quartet.cli.audio import Recording
from training.synth.clip import make_clip
from training.synth.styles import style_named
from training.synth.theory import Key, Mode

RATE = 24_000
SILENCE = recording_of(np.zeros((2 * RATE, 2), np.float32), RATE)
C_MAJOR, A_MINOR = Key(0, Mode.MAJOR), Key(9, Mode.MINOR)


def clicks(bpm: float, rate: int = RATE) -> Recording:
    """Ten seconds of ticks of noise."""
    samples = np.zeros(10 * rate, np.float32)
    tick = np.random.default_rng(0).standard_normal(200) * np.hanning(200)
    for start in np.arange(0, len(samples) - 200, 60 / bpm * rate).astype(int):
        samples[start : start + 200] = tick
    return recording_of(np.repeat(samples[:, None], 2, axis=1), rate)


@pytest.mark.parametrize("rate", [RATE, 48_000])
def test_the_tempo_of_clicks_is_that_of_the_clicks(rate: int) -> None:
    assert match_tempo(tempo_of(clicks(96, rate)), 96) is TempoMatch.EXACT


def test_octaves_of_a_tempo_are_told_apart() -> None:
    found = [match_tempo(tempo, 100) for tempo in (103.9, 50, 196.5, 104.1, 150)]
    assert found == [TempoMatch.EXACT, TempoMatch.HALF, TempoMatch.DOUBLE, TempoMatch.OTHER, TempoMatch.OTHER]


def test_silence_has_neither_tempo_nor_key() -> None:
    assert match_tempo(tempo_of(SILENCE), 100) is TempoMatch.OTHER
    assert keys_of(SILENCE) == ()
    assert match_key((), C_MAJOR).rank == 25
    assert rank_keys(np.ones(12, np.float32)) == ()


@pytest.mark.parametrize("key", [C_MAJOR, Key(6, Mode.MAJOR), A_MINOR, Key(3, Mode.MINOR)])
def test_a_scale_with_a_strong_triad_is_in_its_key(key: Key) -> None:
    chroma = np.zeros(12, np.float32)
    for degree in range(7):
        chroma[key.pitch(degree, 0) % 12] = 1
    for pitch_class in key.chord(0).pitch_classes:
        chroma[pitch_class] += 1
    assert rank_keys(chroma)[0] == key


def test_the_relative_key_is_told_apart() -> None:
    assert relative_of(C_MAJOR) == A_MINOR
    assert relative_of(A_MINOR) == C_MAJOR
    match = match_key((C_MAJOR, A_MINOR), A_MINOR)
    assert (match.rank, match.is_relative) == (2, True)


def test_names_of_keys_are_read_in_any_spelling() -> None:
    assert key_named("F# minor") == key_named("Gb Minor") == Key(6, Mode.MINOR)
    assert key_named("C♭ major") == Key(11, Mode.MAJOR)
    assert key_named("H minor") is None


@pytest.mark.parametrize("style", ["house", "waltz", "rock", "bossa nova"])
def test_facts_of_generated_clips_are_heard(style: str) -> None:
    clip = make_clip(1_000_000_000, seconds=16, style=style_named(style))
    facts = clip.description.facts
    recording = recording_of(clip.audio, clip.rate)
    bpm = tempo_of(recording)
    assert match_tempo(bpm, facts.bpm) is not TempoMatch.OTHER
    assert any(bpm == pytest.approx(factor * facts.beats_per_minute, rel=0.01) for factor in (0.5, 1, 2))
    assert match_key(keys_of(recording), facts.key).rank <= 2
