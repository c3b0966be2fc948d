"""The classifier separates styles, says how well, and is kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bench.quality.degradation import degraded
from bench.quality.recordings import recording_of
from bench.quality.similarity import si_sdr_db
from bench.quality.style import classifier_of_generator, confusion, fit
from bench.quality.style_features import LENGTH, features_of
from training.synth.clip import make_clip
from training.synth.styles import STYLES, style_named


def test_groups_of_points_are_separated() -> None:
    random = np.random.default_rng(0)
    labels = np.arange(90) % 3
    points = random.standard_normal((90, 2)) + 6 * np.array([[1, 0], [-1, 0], [0, 2]])[labels]
    constant = np.ones((90, 1))
    classifier = fit(np.concatenate([points, constant], axis=1), labels, ["one", "two", "three"])
    counts = confusion(classifier, np.concatenate([points, constant], axis=1), labels)
    assert np.trace(counts) > 85
    assert counts.sum() == 90


def test_features_do_not_depend_on_level_and_have_values_for_silence() -> None:
    clip = make_clip(1_000_000_000, seconds=4, style=style_named("funk"))
    features = features_of(recording_of(clip.audio, clip.rate))
    assert features.shape == (LENGTH,)
    quieter = features_of(recording_of(0.25 * clip.audio, clip.rate))
    np.testing.assert_allclose(quieter, features, atol=0.05)
    assert not features_of(recording_of(np.zeros_like(clip.audio), clip.rate)).any()


def test_a_fitted_classifier_is_kept_with_its_own_accuracy(tmp_path: Path) -> None:
    fitted = classifier_of_generator(tmp_path, clips=2 * len(STYLES), seconds=4.0)
    assert fitted.tested == len(STYLES)
    assert min(fitted.accuracy, fitted.degraded_accuracy) > 4 / len(STYLES)
    (kept,) = tmp_path.iterdir()
    written = kept.stat().st_mtime_ns
    again = classifier_of_generator(tmp_path, clips=2 * len(STYLES), seconds=4.0)
    assert kept.stat().st_mtime_ns == written
    np.testing.assert_array_equal(again.weights, fitted.weights)
    assert again.names == fitted.names
    clip = make_clip(1_000_000_000, seconds=4, style=style_named("chiptune"))
    assert again.style_of(recording_of(clip.audio, clip.rate)) in again.names


def test_degraded_clips_keep_their_length_and_level() -> None:
    clip = make_clip(1_000_000_000, seconds=4, style=style_named("rock"))
    recording = recording_of(clip.audio, clip.rate)
    for seed in range(6):
        rough = degraded(recording, np.random.default_rng(seed))
        assert rough.samples.shape == clip.audio.shape
        assert 0.4 < rough.samples.std() / clip.audio.std() < 1.5
        assert -5 < si_sdr_db(rough, recording) < 35
    np.testing.assert_array_equal(degraded(recording, np.random.default_rng(5)).samples, rough.samples)
