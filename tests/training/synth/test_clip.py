"""Clips: the same from the same seed, true to what is said of them, and sound that can be trained on."""

from itertools import pairwise

import numpy as np
import pytest

from serving.planning import LANGUAGES
from training.synth.clip import INSTRUMENTAL, describe, facts_of, make_clip
from training.synth.instruments import INSTRUMENTS
from training.synth.render import mix
from training.synth.score import Note
from training.synth.styles import STYLES, Style, style_named
from training.synth.theory import Mode

RATE = 16_000


def test_a_seed_makes_the_same_clip_again() -> None:
    first, again, other = (make_clip(seed, seconds=6.0, rate=RATE) for seed in (5, 5, 6))
    assert first.description == again.description == describe(5, seconds=6.0)
    np.testing.assert_array_equal(first.audio, again.audio)
    assert first.description.caption != other.description.caption
    assert not np.array_equal(first.audio, other.audio)


@pytest.mark.parametrize("seconds", [None, 6.0])
def test_facts_alone_are_those_of_the_clip(seconds: float | None) -> None:
    for seed in range(20):
        assert facts_of(seed, seconds=seconds) == describe(seed, seconds=seconds).facts


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.name)
def test_each_style_makes_stems_that_add_up_to_music(style: Style) -> None:
    clip = make_clip(1, seconds=8.0, style=style, rate=RATE)
    assert clip.audio.shape == (8 * RATE, 2)
    assert clip.audio.dtype == np.float32
    assert 0.3 < np.abs(clip.audio).max() <= 0.9
    assert np.sqrt(np.mean(clip.audio**2)) > 0.04
    np.testing.assert_allclose(mix(clip.stems), clip.audio)
    assert set(clip.stems) <= {"drums", "vocals", *(instrument.stem for instrument in INSTRUMENTS.values())}
    assert all(np.isfinite(stem).all() and np.abs(stem).max() > 1e-3 for stem in clip.stems.values())


def test_notes_are_of_the_key() -> None:
    for seed in range(60):
        score = describe(seed).score
        key = score.facts.key
        scale = {key.pitch(degree, 4) % 12 for degree in range(7)}
        if key.mode is Mode.MINOR:
            scale.add((key.tonic + 11) % 12)
        notes = [note for _, part in score.parts for note in part] + [sung.note for sung in score.sung]
        of_power_chords = {(key.pitch(degree, 4) + 7) % 12 for degree in range(7)}
        assert {note.pitch % 12 for note in notes} <= scale | of_power_chords


def test_strokes_lie_on_the_grid_and_fill_the_piece() -> None:
    for seed in range(40):
        score = describe(seed).score
        style = score.facts.style
        steps = [hit.start * style.steps_per_beat for hit in score.hits]
        late = style.swing / 3 * style.steps_per_beat
        assert all(min(abs(step - round(step)), abs(step - late - round(step - late))) < 1e-6 for step in steps)
        assert all(0 <= hit.start < score.bars * style.beats_per_bar for hit in score.hits)


def test_a_melody_has_one_note_at_a_time() -> None:
    for seed in range(40):
        score = describe(seed).score
        melodies = {role for role, line in score.facts.style.lines().items() if line.figure == "melody"}
        leads = [part for role, part in score.parts if role in melodies]
        sung = tuple(syllable.note for syllable in score.sung)
        for line in (*leads, sung):
            assert all(note.start + note.length <= following.start + 1e-6 for note, following in pairwise(line))


def test_songs_have_words_and_times_and_instrumentals_have_none() -> None:
    descriptions = [describe(seed) for seed in range(60)]
    songs = [each for each in descriptions if each.facts.voice]
    assert 10 < len(songs) < 50
    for song in songs:
        assert song.facts.language in LANGUAGES - {"unknown"}
        starts = [line.start for line in song.lines]
        assert starts == sorted(starts)
        assert all(0 <= line.start < line.end <= song.facts.seconds + 5 for line in song.lines)
        assert all(line.text in song.lyrics for line in song.lines)
        assert [f"[{section.tag}]" in song.lyrics for section in song.score.sections]
    for piece in descriptions:
        if not piece.facts.voice:
            assert (piece.lyrics, piece.lines, piece.facts.language) == (INSTRUMENTAL, (), "unknown")


def test_a_syllable_sounds_when_its_line_is_sung() -> None:
    seed = next(seed for seed in range(100) if (words := describe(seed, style=style_named("ballad"))).lines)
    words = describe(seed, style=style_named("ballad"))
    voice = make_clip(seed, style=style_named("ballad"), rate=RATE).stems["vocals"]
    line = words.lines[0]
    sung = voice[int(line.start * RATE) : int(line.end * RATE)]
    before = voice[: int(max(line.start - 0.05, 0) * RATE)]
    assert np.sqrt(np.mean(sung**2)) > 0.01
    assert not before.size or np.abs(before).max() < 1e-3


def test_the_kick_of_a_techno_clip_comes_with_the_beat() -> None:
    clip = make_clip(3, seconds=8.0, style=style_named("techno"), rate=RATE)
    drums = clip.stems["drums"].mean(axis=1)
    power = np.add.reduceat(drums**2, np.arange(0, len(drums), RATE // 100))
    spectrum = np.abs(np.fft.rfft(power - power.mean()))
    hertz = np.fft.rfftfreq(len(power), 0.01)
    beat = clip.description.facts.beats_per_minute / 60
    around = spectrum[(hertz > beat - 0.15) & (hertz < beat + 0.15)].max()
    assert around > 3 * np.median(spectrum)


def test_notes_are_playable() -> None:
    for seed in range(30):
        for _, part in describe(seed).score.parts:
            assert all(isinstance(note, Note) and 20 < note.pitch < 110 and note.length > 0 for note in part)
