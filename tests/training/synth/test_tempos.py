"""The tempos that music is played at: near those that words say, in every style."""

from dataclasses import replace

import numpy as np
import pytest

from training.synth.clip import draw_facts
from training.synth.styles import STYLES, Style
from training.synth.tempos import BARS_PER_MINUTE, nearest


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.name)
def test_every_tempo_of_a_style_is_played_within_the_tolerance_of_an_ear(style: Style) -> None:
    facts = draw_facts(np.random.default_rng(0), 10.0, style)
    for bpm in range(style.bpm[0], style.bpm[1] + 1):
        assert replace(facts, bpm=bpm).beats_per_minute == pytest.approx(bpm, rel=0.024)


def test_a_tempo_of_the_clock_is_nearest_to_itself() -> None:
    for meter in (2, 3, 4):
        assert [nearest(meter * bars, meter) for bars in BARS_PER_MINUTE] == list(range(len(BARS_PER_MINUTE)))
