"""Places in bar and beat, as the transformer is asked for them."""

from dataclasses import replace

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from training.dit.places import PLACES, places_of
from training.synth.clip import draw_facts
from training.synth.styles import style_named

FACTS = replace(draw_facts(np.random.default_rng(0), 10.0, style_named("waltz")), bpm=150)


def test_a_waltz_begins_a_bar_every_three_beats() -> None:
    bar, beat, half = places_of(FACTS, 91, patch=1).T[:3]
    frame = torch.arange(91)
    beats = FACTS.beats_per_minute / 60 * frame / 25
    for cosine, per_beat in ((bar, 1 / 3), (beat, 1), (half, 2)):
        torch.testing.assert_close(cosine, torch.cos(2 * torch.pi * per_beat * beats), atol=1e-4, rtol=0)


@given(bpm=st.integers(60, 180), tokens=st.integers(1, 100), patch=st.integers(1, 4))
def test_places_lie_on_circles_amid_their_frames(bpm: int, tokens: int, patch: int) -> None:
    facts = replace(FACTS, bpm=bpm)
    places = places_of(facts, tokens, patch)
    assert places.shape == (tokens, PLACES)
    cosines, sines = places.chunk(2, dim=1)
    torch.testing.assert_close(cosines**2 + sines**2, torch.ones(tokens, 3))
    if patch % 2:
        every_frame = places_of(facts, tokens * patch, 1)
        torch.testing.assert_close(places, every_frame[patch // 2 :: patch], atol=1e-4, rtol=0)
