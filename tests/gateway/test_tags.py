"""Every format carries its song's title, words, tempo, key, seed, model and disclosure, whatever is in the words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutagen import File
from mutagen.aac import AAC
from mutagen.id3 import ID3
from mutagen.mp3 import MP3
from mutagen.mp4 import MP4
from mutagen.wave import WAVE

from gateway.audio.tags import Tags
from gateway.audio.writing import Output, PcmSpool, write
from quartet.songs import AudioFormat
from tests.support.audio import decoded, tone

RATE = 48_000
TAGS = Tags("Regen, Ende", "rain on a tin roof\n雨", "[Verse]\nla, la\nlö", 92, "A minor", seed=7, model="turbo")
FRAMED: dict[AudioFormat, Callable[[Path], ID3 | None]] = {
    AudioFormat.MP3: lambda path: MP3(path).tags,
    AudioFormat.AAC: ID3,
    **dict.fromkeys((AudioFormat.WAV16, AudioFormat.WAV24, AudioFormat.WAV32F), lambda path: WAVE(path).tags),
}
FRAMES = {
    "title": "TIT2",
    "description": "TXXX:DESCRIPTION",
    "lyrics": "USLT::XXX",
    "bpm": "TBPM",
    "key": "TKEY",
    "seed": "TXXX:SEED",
    "model": "TXXX:MODEL",
    "comment": "COMM::XXX",
}
ATOMS = {
    "title": "\xa9nam",
    "description": "desc",
    "lyrics": "\xa9lyr",
    "bpm": "tmpo",
    "key": "----:com.apple.iTunes:initialkey",
    "seed": "----:com.apple.iTunes:SEED",
    "model": "----:com.apple.iTunes:MODEL",
    "comment": "\xa9cmt",
}
COMMENTS = {name: name.upper() for name in FRAMES} | {"key": "INITIALKEY"}


def written(folder: Path, audio_format: AudioFormat, tags: Tags | None, seconds: float = 0.3) -> Path:
    pcm = tone(seconds, RATE, 2)
    spool = PcmSpool(np.empty_like(pcm))
    spool.add(pcm)
    path = folder / f"song{audio_format.suffix}"
    write(spool, path, RATE, Output(audio_format), tags)
    return path


def tags_in(path: Path, audio_format: AudioFormat) -> dict[str, str]:
    """What another program finds."""
    if audio_format is AudioFormat.M4A:
        return {name: _text(MP4(path).get(atom)) for name, atom in ATOMS.items()}
    if audio_format in FRAMED:
        frames = FRAMED[audio_format](path) or {}
        return {name: _text(frames.get(frame)) for name, frame in FRAMES.items()}
    return {name: _text(File(path).get(comment)) for name, comment in COMMENTS.items()}


def _text(value: Any) -> str:
    first = value[0] if isinstance(value, list) else value
    return first.decode() if isinstance(first, bytes) else str(first or "")


def expected(tags: Tags) -> dict[str, str]:
    values = {name: getattr(tags, name) for name in FRAMES}
    return {name: str("" if value is None else value).replace("\0", "") for name, value in values.items()}


@pytest.mark.parametrize("audio_format", AudioFormat)
def test_every_format_carries_every_tag(tmp_path: Path, audio_format: AudioFormat) -> None:
    found = tags_in(written(tmp_path, audio_format, TAGS), audio_format)
    assert found == expected(TAGS)
    assert found["comment"] == "Made with AI by the model turbo"


@pytest.mark.parametrize("audio_format", AudioFormat)
def test_tags_leave_the_music_alone(tmp_path: Path, audio_format: AudioFormat) -> None:
    with_tags, _ = decoded(written(tmp_path, audio_format, TAGS, 2.5))
    without, _ = decoded(written(tmp_path, audio_format, None, 2.5))
    assert np.array_equal(with_tags, without)


@pytest.mark.parametrize("audio_format", AudioFormat)
def test_what_is_unknown_is_left_out(tmp_path: Path, audio_format: AudioFormat) -> None:
    tags = Tags("", "", "", None, "", seed=0, model="turbo")
    assert tags_in(written(tmp_path, audio_format, tags), audio_format) == expected(tags)


@pytest.mark.parametrize("audio_format", AudioFormat)
def test_no_tags_at_all(tmp_path: Path, audio_format: AudioFormat) -> None:
    assert not any(tags_in(written(tmp_path, audio_format, None), audio_format).values())


@pytest.mark.parametrize("audio_format", AudioFormat)
def test_long_lyrics(tmp_path: Path, audio_format: AudioFormat) -> None:
    """Longer than a page of Ogg."""
    tags = Tags("title", "caption", "la la la ü\n" * 3000, 300, "F# minor", seed=2**32 - 1, model="turbo")
    path = written(tmp_path, audio_format, tags, 2.5)
    assert tags_in(path, audio_format) == expected(tags)
    assert decoded(path)[0].shape == (2.5 * RATE, 2)


@pytest.mark.parametrize("tags", [TAGS, None])
def test_bare_aac_says_how_much_of_it_is_music(tmp_path: Path, tags: Tags | None) -> None:
    """Also to players that know the frame of iTunes: silence in front, what fills the last frame, samples."""
    path = written(tmp_path, AudioFormat.AAC, tags, 0.5)
    (text,) = ID3(path)["COMM:iTunSMPB:eng"].text
    _, before, after, samples, *_ = (int(number, 16) for number in text.split())
    assert (before, after, samples) == (1024, 576, 24_000)
    assert AAC(path).info.length == pytest.approx((before + samples + after) / RATE, rel=0.01)


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@pytest.mark.parametrize("audio_format", [AudioFormat.FLAC, AudioFormat.MP3, AudioFormat.OPUS, AudioFormat.M4A])
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tags=st.builds(Tags, TEXT, TEXT, TEXT, st.integers(30, 300), TEXT, st.integers(0, 2**32 - 1), TEXT))
def test_any_text(tmp_path: Path, audio_format: AudioFormat, tags: Tags) -> None:
    assert tags_in(written(tmp_path, audio_format, tags), audio_format) == expected(tags)
