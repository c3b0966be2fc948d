"""Similarities are 1, 0 or many dB where sounds are equal, and fall where they differ."""

from __future__ import annotations

import numpy as np
import pytest

from bench.quality.recordings import recording_of, resampled
from bench.quality.similarity import (
    chroma_similarity,
    distance_db,
    onset_correlation,
    si_sdr_db,
    si_sdr_improvement_db,
    stft_distance,
)
from quartet.cli.audio import Recording
from training.synth.clip import make_clip
from training.synth.styles import style_named

CLIP = make_clip(1_000_000_001, seconds=6, style=style_named("ballad"))


def recording(samples: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> Recording:
    return recording_of(samples, CLIP.rate)


MIX = recording(CLIP.audio)
NOISE = np.random.default_rng(0).standard_normal(CLIP.audio.shape, dtype=np.float32)


def test_equal_recordings_have_no_distance() -> None:
    assert si_sdr_db(MIX, MIX) > 100
    assert stft_distance(MIX, MIX) == 0
    assert chroma_similarity(MIX, MIX) == pytest.approx(1, abs=1e-4)
    assert distance_db(CLIP.audio, CLIP.audio) == -120


def test_noise_lowers_the_ratio_by_its_level() -> None:
    loudness = float(np.sqrt(np.square(CLIP.audio).mean()))
    noisy = recording(CLIP.audio + 0.1 * loudness * NOISE)
    assert si_sdr_db(noisy, MIX) == pytest.approx(20, abs=0.3)
    assert distance_db(noisy.samples, CLIP.audio) == pytest.approx(-20, abs=0.3)
    assert 0 < stft_distance(noisy, MIX) < stft_distance(recording(loudness * NOISE), MIX)


def test_a_dead_recording_is_at_the_floor() -> None:
    silence = recording(np.zeros_like(CLIP.audio))
    assert si_sdr_db(silence, MIX) == -60
    assert chroma_similarity(silence, MIX) == 0


def test_a_stem_that_comes_out_clean_is_an_improvement() -> None:
    drums = recording(CLIP.stems["drums"])
    before = si_sdr_db(MIX, drums)
    halfway = recording(CLIP.stems["drums"] + 0.1 * (CLIP.audio - CLIP.stems["drums"]))
    assert si_sdr_improvement_db(MIX, drums, MIX) == 0
    assert si_sdr_improvement_db(halfway, drums, MIX) == pytest.approx(20, abs=2.5)
    assert si_sdr_db(halfway, drums) > before


def test_harmony_is_alike_in_another_timbre_and_not_in_another_key() -> None:
    bass_less = recording(CLIP.audio - CLIP.stems["bass"])
    other = make_clip(1_000_000_002, seconds=6, style=style_named("techno"))
    assert chroma_similarity(bass_less, MIX) > 0.8 > chroma_similarity(recording(other.audio), MIX)


def test_onsets_are_alike_where_they_are_at_one_time_and_not_half_a_beat_later() -> None:
    drums = CLIP.stems["drums"]
    half_a_beat = round(30 / CLIP.description.facts.bpm * CLIP.rate)
    late, hardly = (np.roll(drums, samples, axis=0) for samples in (half_a_beat, CLIP.rate // 50))
    assert onset_correlation(recording(0.1 * drums), recording(drums)) == pytest.approx(1, abs=0.02)
    assert onset_correlation(recording(hardly), recording(drums)) > 0.5
    assert onset_correlation(recording(late), recording(drums)) < 0.5 < onset_correlation(MIX, recording(drums))
    late[: len(late) // 2] = 0
    silent = recording(np.zeros_like(drums)), recording(late[: len(late) // 3])
    assert [onset_correlation(nothing, recording(drums)) for nothing in silent] == [0, 0]


def test_rates_must_agree() -> None:
    with pytest.raises(ValueError, match="24000 and 48000"):
        si_sdr_db(MIX, resampled(MIX, 48_000))
