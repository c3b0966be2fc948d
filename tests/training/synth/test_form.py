"""The form of a piece fills its length, whatever it is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.synth.clip import draw_facts
from training.synth.form import write_form
from training.synth.styles import STYLES, Style, style_named


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 2**32), seconds=st.floats(1, 600), style=st.sampled_from(STYLES))
def test_sections_fill_the_length_in_whole_bars(seed: int, seconds: float, style: Style) -> None:
    random = np.random.default_rng(seed)
    facts = draw_facts(random, seconds, style)
    sections = write_form(random, facts)
    bar = 60 / facts.beats_per_minute * style.beats_per_bar
    bars = sum(section.bars for section in sections)
    assert bars == max(1, round(seconds / bar))
    assert [section.first_bar for section in sections] == list(
        np.cumsum([0, *(section.bars for section in sections[:-1])])
    )
    assert all(section.bars > 0 for section in sections)
    assert sections[-1].chords[-1].degree == 0


def test_verses_are_numbered_and_choruses_share_their_chords() -> None:
    random = np.random.default_rng(3)
    sections = write_form(random, draw_facts(random, 120.0, style_named("rock")))
    tags = [section.tag for section in sections]
    assert tags[:5] == ["Intro", "Verse 1", "Chorus", "Verse 2", "Chorus"]
    choruses = [section.chords for section in sections if section.kind == "chorus"]
    assert all(chorus[:4] == choruses[0][:4] for chorus in choruses)


def test_an_unknown_style_is_refused_with_all_names() -> None:
    with pytest.raises(ValueError, match=r"no style 'polka'.*waltz"):
        style_named("polka")
