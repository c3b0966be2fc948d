"""Drums and songs are judged beside the clip's own, beside another clip's, and beside what was given."""

from __future__ import annotations

import numpy as np
import pytest

from bench.quality.evaluation import mix_of, stem_of, without_stem
from bench.quality.recordings import recording_of
from bench.quality.style import StyleClassifier
from bench.quality.tracks import compare_drums, compare_song
from training.synth.clip import make_clip
from training.synth.styles import style_named

CLIP, PREVIOUS = (
    make_clip(1_000_000_000 + number, seconds=10, style=style_named(name))
    for number, name in enumerate(("house", "waltz"))
)
REST, DRUMS = without_stem(CLIP, "drums"), stem_of(CLIP, "drums")
SILENCE = recording_of(np.zeros_like(CLIP.audio), CLIP.rate)


def test_the_clips_own_drums_are_the_best(classifier: StyleClassifier) -> None:
    own = compare_drums(CLIP, PREVIOUS, DRUMS, classifier)
    assert own.onsets == pytest.approx(1, abs=1e-6)
    assert own.has_tempo
    assert own.has_style == own.own_has_style
    assert own.other_onsets is not None
    assert own.other_onsets < own.given_onsets < own.onsets


def test_what_was_given_is_no_better_than_itself(classifier: StyleClassifier) -> None:
    given = compare_drums(CLIP, None, REST, classifier)
    assert given.onsets == given.given_onsets
    assert given.other_onsets is None
    song = compare_song(CLIP, None, REST, classifier)
    assert song.onsets == song.given_onsets < song.own_onsets
    assert song.chroma == pytest.approx(1, abs=1e-4)
    assert song.has_style == song.given_has_style


def test_the_clip_as_it_is_is_the_best_song(classifier: StyleClassifier) -> None:
    own = compare_song(CLIP, PREVIOUS, mix_of(CLIP), classifier)
    assert (own.chroma, own.onsets, own.has_style) == (own.own_chroma, own.own_onsets, own.own_has_style)
    assert own.other_chroma is not None
    assert own.other_chroma < own.own_chroma
    assert own.other_onsets is not None
    assert own.other_onsets < own.own_onsets


def test_silence_is_heard_as_such(classifier: StyleClassifier) -> None:
    dead = compare_drums(CLIP, PREVIOUS, SILENCE, classifier)
    assert dead.is_dead
    assert not dead.has_tempo
    assert dead.onsets == 0
    assert dead.has_style == dead.given_has_style
    song = compare_song(CLIP, PREVIOUS, SILENCE, classifier)
    assert (song.is_dead, song.chroma, song.onsets) == (True, 0, 0)
