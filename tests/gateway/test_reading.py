"""Uploaded audio: any rate and channel count becomes 30 s of 48 kHz stereo; what is broken is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from gateway.audio.reading import AudioError, gather, inspect, pieces, read_reference, read_whole
from tests.support.audio import tone, write_with_ffmpeg

DIGEST = "ab" * 32
MAX_SECONDS = 60.0
SAMPLE_RATE = 48_000


def write(path: Path, pcm: npt.NDArray[np.float32], rate: int) -> Path:
    soundfile.write(path, pcm, rate)
    return path


@pytest.mark.parametrize(("rate", "channels", "suffix"), [(44_100, 1, "wav"), (96_000, 2, "flac"), (22_050, 2, "ogg")])
def test_any_rate_and_channels_become_48_khz_stereo(tmp_path: Path, rate: int, channels: int, suffix: str) -> None:
    path = write(tmp_path / f"a.{suffix}", tone(31, rate, channels), rate)
    reference = read_reference(path, DIGEST, MAX_SECONDS, SAMPLE_RATE)
    assert reference.shape == (30 * SAMPLE_RATE, 2)
    assert reference.dtype == np.float32
    spectrum = np.abs(np.fft.rfft(reference[: 10 * SAMPLE_RATE, 0]))
    assert np.argmax(spectrum) == 4400  # 440 Hz in bins of 0.1 Hz


def test_a_short_recording_repeats(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", tone(7, SAMPLE_RATE, 2), SAMPLE_RATE)
    reference = read_reference(path, DIGEST, MAX_SECONDS, SAMPLE_RATE)
    assert reference.shape == (30 * SAMPLE_RATE, 2)
    period = 7 * SAMPLE_RATE
    assert np.array_equal(reference[:SAMPLE_RATE], reference[period : period + SAMPLE_RATE])


def test_more_than_two_channels_keep_the_first_two(tmp_path: Path) -> None:
    pcm = tone(1, SAMPLE_RATE, 6)
    pcm[:, 2:] = 0.9
    reference = read_reference(write(tmp_path / "a.wav", pcm, SAMPLE_RATE), DIGEST, MAX_SECONDS, SAMPLE_RATE)
    assert np.abs(reference).max() < 0.6


def test_the_reference_follows_from_the_file_alone(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).uniform(-1, 1, (40 * 8000, 1)).astype(np.float32)
    path = write(tmp_path / "a.flac", noise, 8000)
    first = read_reference(path, DIGEST, MAX_SECONDS, SAMPLE_RATE)
    assert np.array_equal(first, read_reference(path, DIGEST, MAX_SECONDS, SAMPLE_RATE))
    assert not np.array_equal(first, read_reference(path, "cd" * 32, MAX_SECONDS, SAMPLE_RATE))


def test_a_reference_has_the_rate_of_the_codec(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", tone(31, 44_100, 2), 44_100)
    reference = read_reference(path, DIGEST, MAX_SECONDS, 24_000)
    assert reference.shape == (30 * 24_000, 2)
    spectrum = np.abs(np.fft.rfft(reference[: 10 * 24_000, 0]))
    assert spectrum.argmax() / 10 == pytest.approx(440, abs=0.5)


@given(total=st.integers(30 * SAMPLE_RATE, 900 * SAMPLE_RATE), digest=st.text("0123456789abcdef", min_size=64))
def test_one_piece_of_each_third(total: int, digest: str) -> None:
    for number, (first, last) in enumerate(pieces(total, digest, SAMPLE_RATE)):
        assert last - first == 10 * SAMPLE_RATE
        assert first >= number * (total // 3)
        assert last <= (total if number == 2 else (number + 1) * (total // 3))


@given(st.data())
def test_gathering_from_blocks_equals_slicing(data: st.DataObject) -> None:
    stream = np.arange(2 * data.draw(st.integers(1, 200)), dtype=np.float32).reshape(-1, 2)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=5)))
    bounds = st.tuples(st.integers(0, len(stream)), st.integers(0, len(stream))).map(
        lambda pair: (min(pair), max(pair))
    )
    ranges = data.draw(st.lists(bounds, min_size=1, max_size=3))
    expected = np.concatenate([stream[first:last] for first, last in ranges])
    assert np.array_equal(gather(iter(np.split(stream, cuts)), ranges), expected)


def test_inspection_tells_what_the_file_holds(tmp_path: Path) -> None:
    info = inspect(write(tmp_path / "a.flac", tone(2.5, 44_100, 1), 44_100), MAX_SECONDS)
    assert (info.duration, info.frames, info.sample_rate, info.channels) == (2.5, 110_250, 44_100, 1)


def cut_off(path: Path) -> Path:
    whole = write(path, np.random.default_rng(0).uniform(-1, 1, (48_000, 2)).astype(np.float32), 48_000).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    return path


def test_a_flac_that_is_cut_off(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"is cut off: it announces 48000 samples|cannot be read as audio"):
        inspect(cut_off(tmp_path / "a.flac"), MAX_SECONDS)


def test_a_text_file(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    path.write_text("These are not the sounds you are looking for.\n" * 100)
    with pytest.raises(AudioError, match="cannot be read as audio"):
        inspect(path, MAX_SECONDS)


def test_too_long(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"lasts 61.0 s, at most 60 s"):
        inspect(write(tmp_path / "a.wav", tone(61, 8000, 1), 8000), MAX_SECONDS)


def test_too_long_where_no_header_says_how_long(tmp_path: Path) -> None:
    path = write_with_ffmpeg(tmp_path / "a.aac", tone(3, SAMPLE_RATE, 1), SAMPLE_RATE, "aac", "adts")
    with pytest.raises(AudioError, match=r"lasts longer than the 2 s that are allowed"):
        inspect(path, 2.0)


def test_too_many_channels(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="has 33 channels, at most 32"):
        inspect(write(tmp_path / "a.wav", np.zeros((100, 33), np.float32), 48_000), MAX_SECONDS)


def test_what_only_ffmpeg_reads_becomes_stereo_at_the_rate_of_the_codec_too(tmp_path: Path) -> None:
    path = write_with_ffmpeg(tmp_path / "a.m4a", tone(31, 44_100, 1), 44_100, "aac", "ipod")
    assert inspect(path, MAX_SECONDS).channels == 1
    reference = read_reference(path, DIGEST, MAX_SECONDS, SAMPLE_RATE)
    assert reference.shape == (30 * SAMPLE_RATE, 2)
    assert np.array_equal(reference[:, 0], reference[:, 1])
    spectrum = np.abs(np.fft.rfft(reference[: 10 * SAMPLE_RATE, 0]))
    assert np.argmax(spectrum) == 4400  # 440 Hz in bins of 0.1 Hz


def test_no_samples(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="holds no audio"):
        inspect(write(tmp_path / "a.wav", np.zeros((0, 2), np.float32), 48_000), MAX_SECONDS)


def test_samples_that_are_not_finite(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.array([[0.0], [np.nan]], np.float32), 48_000, subtype="FLOAT")
    with pytest.raises(AudioError, match="NaN or infinite"):
        inspect(path, MAX_SECONDS)


def test_samples_that_only_resampling_makes_infinite(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.full((48_000, 2), 3e38, np.float32), 44_100, subtype="FLOAT")
    with pytest.raises(AudioError, match="NaN or infinite"):
        read_whole(path, MAX_SECONDS, SAMPLE_RATE)


def test_a_whole_recording_is_clamped_stereo(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, 4 * tone(1, SAMPLE_RATE, 1), SAMPLE_RATE, subtype="FLOAT")
    pcm = read_whole(path, MAX_SECONDS, SAMPLE_RATE)
    assert pcm.shape == (SAMPLE_RATE, 2)
    assert (pcm.min(), pcm.max()) == (-1, 1)


def test_a_strange_sample_rate(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="has 100 samples a second"):
        inspect(write(tmp_path / "a.wav", tone(1, 100, 1), 100), MAX_SECONDS)


def test_silence_is_no_reference(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", np.zeros((48_000, 2), np.float32), 48_000)
    inspect(path, MAX_SECONDS)
    with pytest.raises(AudioError, match="is silent"):
        read_reference(path, DIGEST, MAX_SECONDS, SAMPLE_RATE)
