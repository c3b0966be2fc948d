"""Whatever happens to the bytes of an audio file: it is read or refused with a reason, and never more than allowed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.audio.reading import AudioError, inspect, read_whole
from tests.support.audio import tone, write_with_ffmpeg

RATE = 48_000
MAX_SECONDS = 2.0
BY_LIBSNDFILE = {
    "wav": ("WAV", "PCM_16"),
    "flac": ("FLAC", "PCM_16"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
    "opus": ("OGG", "OPUS"),
    "ogg": ("OGG", "VORBIS"),
    "aiff": ("AIFF", "PCM_24"),
}
BY_FFMPEG = {
    "m4a": ("aac", "ipod"),
    "aac": ("aac", "adts"),
    "webm": ("libopus", "webm"),
    "mka": ("flac", "matroska"),
    "wma": ("wmav2", "asf"),
}


@dataclass(frozen=True)
class Whole:
    """A file that can be read. Its bytes would fill pages of a failed test's report."""

    bytes: bytes = field(repr=False)


@pytest.fixture(scope="module", params=[*BY_LIBSNDFILE, *BY_FFMPEG])
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """Half a second of stereo."""
    path = tmp_path_factory.mktemp("whole") / f"a.{request.param}"
    pcm = tone(0.5, RATE, 2)
    if request.param in BY_LIBSNDFILE:
        container, subtype = BY_LIBSNDFILE[request.param]
        soundfile.write(path, pcm, RATE, format=container, subtype=subtype)
    else:
        write_with_ffmpeg(path, pcm, RATE, *BY_FFMPEG[request.param])
    assert inspect(path, MAX_SECONDS).channels == 2
    return Whole(path.read_bytes())


def read_or_refused(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    try:
        info = inspect(path, MAX_SECONDS)
        pcm = read_whole(path, MAX_SECONDS, RATE)
    except AudioError:
        return
    assert 0 < info.duration <= MAX_SECONDS
    assert len(pcm) <= MAX_SECONDS * RATE + 1
    assert abs(pcm).max() <= 1


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_changed_bytes(tmp_path: Path, whole: Whole, data: st.DataObject) -> None:
    """Most of the changes hit the start, where the headers are."""
    mutilated = bytearray(whole.bytes)
    places = st.one_of(st.integers(0, min(200, len(whole.bytes) - 1)), st.integers(0, len(whole.bytes) - 1))
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(places)
        piece = data.draw(st.binary(min_size=1, max_size=8))
        mutilated[place : place + len(piece)] = piece
    read_or_refused(tmp_path / "mutilated", bytes(mutilated))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_missing_and_doubled_parts(tmp_path: Path, whole: Whole, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(whole.bytes)))
    end = data.draw(st.integers(start, len(whole.bytes)))
    times = data.draw(st.sampled_from((0, 2)))
    read_or_refused(tmp_path / "mutilated", whole.bytes[:start] + times * whole.bytes[start:end] + whole.bytes[end:])


@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 0.7, 0.99])
def test_cut_off_files(tmp_path: Path, whole: Whole, share: float) -> None:
    read_or_refused(tmp_path / "mutilated", whole.bytes[: int(share * len(whole.bytes))])
