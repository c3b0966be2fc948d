"""What is compared in an edit, and what makes metadata plausible."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from bench.quality.edits import compare_repaint, in_another_style
from bench.quality.plans import judge
from bench.quality.recordings import recording_of
from quartet.planning import Blueprint
from quartet.tasks import Region
from training.synth.captions import describes
from training.synth.clip import INSTRUMENTAL, describe
from training.synth.styles import style_named

WALTZ = Blueprint(caption="a waltz", bpm=120, key_scale="F# minor", time_signature="3", duration=60)


def test_a_repaint_is_compared_outside_and_inside() -> None:
    random = np.random.default_rng(0)
    source, noise = (random.standard_normal((12_000, 2)).astype(np.float32) for _ in range(2))
    region, rate = Region(1.0, 2.0), 4000
    result = source + 0.001 * noise
    result[4000:8000] = noise[4000:8000]
    found = compare_repaint(1, recording_of(source, rate), recording_of(result, rate), region)
    assert -61 < found.outside_db < -59
    assert 2 < found.inside_db < 4
    early = compare_repaint(1, recording_of(source, rate), recording_of(np.roll(result, -300, axis=0), rate), region)
    assert early.outside_db > 0


def test_a_cover_is_asked_for_in_another_style_of_the_same_key_with_bars_as_long() -> None:
    for clip in (describe(1_000_000_000 + number, seconds=20) for number in range(30)):
        cover = in_another_style(clip)
        assert cover.facts.style != clip.facts.style
        assert cover.facts.key == clip.facts.key
        bars = [each.facts.bpm / each.facts.style.beats_per_bar for each in (clip, cover)]
        assert bars[0] == pytest.approx(bars[1], abs=1)
        slowest, fastest = cover.facts.style.bpm
        assert 0.9 * slowest <= cover.facts.bpm <= 1.1 * fastest
        assert cover.lyrics == (clip.lyrics if cover.facts.voice else INSTRUMENTAL)
        assert describes(cover.caption) == cover.facts.style
        assert in_another_style(clip) == cover


def test_plausible_metadata_fits_the_style() -> None:
    assert judge(WALTZ, style_named("waltz"), 0).is_plausible
    assert not judge(WALTZ, style_named("techno"), 0).has_meter
    assert not judge(dataclasses.replace(WALTZ, bpm=60), style_named("waltz"), 0).has_plausible_bpm
    for wrong in ({"key_scale": "H major"}, {"duration": 5.0}, {"bpm": None}, {"time_signature": "5"}):
        assert not judge(dataclasses.replace(WALTZ, **wrong), style_named("waltz"), 0).is_in_range
