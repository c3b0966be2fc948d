"""A piece in another style: what makes it that piece stays, what makes the style changes."""

import numpy as np

from training.synth.arrangement import in_another_style
from training.synth.clip import describe, make_clip
from training.synth.score import Score

RATE = 16_000


def pieces() -> list[tuple[Score, Score]]:
    scores = [describe(seed, seconds=20.0).score for seed in range(60)]
    return [(score, in_another_style(np.random.default_rng(seed), score)) for seed, score in enumerate(scores)]


def test_key_chords_and_bars_stay_and_the_style_does_not() -> None:
    for before, after in pieces():
        assert after.facts.style != before.facts.style
        assert after.facts.key == before.facts.key
        assert after.sections == before.sections
        assert after.facts.clock == before.facts.clock
        played = {name for role, line in after.facts.style.lines().items() for name in line.instruments}
        assert {name for _, name in after.facts.instruments} <= played
        assert bool(after.hits) == after.facts.has_drums


def test_in_the_same_meter_what_is_sung_and_the_tune_stay() -> None:
    alike = [pair for pair in pieces() if pair[0].facts.style.meter == pair[1].facts.style.meter]
    sung = [pair for pair in alike if pair[0].sung]
    assert len(sung) > 5
    assert all(after.sung == before.sung for before, after in sung)
    tunes = [
        (dict(before.parts)["lead"], dict(after.parts)["lead"])
        for before, after in alike
        if all(each.facts.style.lead and each.facts.style.lead.figure == "melody" for each in (before, after))
        and not before.sung
    ]
    assert len(tunes) > 5
    for before, after in tunes:
        assert [note.start for note in after] == [note.start for note in before]
        assert len({note.pitch - other.pitch for note, other in zip(before, after, strict=True)}) <= 1
        assert all((note.pitch - other.pitch) % 12 == 0 for note, other in zip(before, after, strict=True))


def test_in_another_meter_nobody_sings_to_the_wrong_beat() -> None:
    others = [pair for pair in pieces() if pair[0].facts.style.meter != pair[1].facts.style.meter]
    assert any(before.sung for before, _ in others)
    assert not any(after.sung or after.facts.voice for _, after in others)


def test_a_cover_is_music_of_the_same_length_and_the_same_each_time() -> None:
    clip = make_clip(2, seconds=6.0, rate=RATE)
    cover = clip.cover()
    assert cover.shape == clip.audio.shape
    assert 0.3 < np.abs(cover).max() <= 0.9
    assert not np.allclose(cover, clip.audio)
    np.testing.assert_array_equal(cover, make_clip(2, seconds=6.0, rate=RATE).cover())
