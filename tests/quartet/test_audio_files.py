"""What libsndfile does not know FFmpeg reads, sample by sample; nothing but the one file is ever opened."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from mutagen.id3 import COMM, ID3

from quartet.audio_files import AudioError
from tests.support.audio import decoded, tone, write_with_ffmpeg

RATE = 48_000


@pytest.mark.parametrize(
    ("name", "codec", "container", "rate"),
    [
        ("a.m4a", "aac", "ipod", 44_100),
        ("a.mp4", "aac", "mp4", 48_000),
        ("a.aac", "aac", "adts", 48_000),
        ("a.webm", "libopus", "webm", 48_000),
        ("a.mka", "flac", "matroska", 48_000),
        ("a.wma", "wmav2", "asf", 44_100),
        ("a.avi", "ac3", "avi", 48_000),
    ],
)
def test_formats_that_only_ffmpeg_knows(tmp_path: Path, name: str, codec: str, container: str, rate: int) -> None:
    path = write_with_ffmpeg(tmp_path / name, tone(2, rate, 2), rate, codec, container)
    with pytest.raises(soundfile.LibsndfileError):
        soundfile.info(path)
    samples, found = decoded(path)
    assert found == rate
    assert samples.shape[1] == 2
    assert len(samples) == pytest.approx(2 * rate, abs=rate / 10)
    spectrum = np.abs(np.fft.rfft(samples[: rate + 1, 0]))
    assert np.argmax(spectrum) == pytest.approx(440, abs=1)
    assert np.abs(samples).max() == pytest.approx(0.5, abs=0.05)


def test_an_m4a_has_as_many_samples_as_were_encoded(tmp_path: Path) -> None:
    """AAC pads both ends; the container says what is music."""
    pcm = tone(1.2345, RATE, 2)
    samples, _ = decoded(write_with_ffmpeg(tmp_path / "a.m4a", pcm, RATE, "aac", "ipod"))
    assert samples.shape == pcm.shape
    assert np.corrcoef(samples[:, 0], pcm[:, 0])[0, 1] > 0.999


def test_an_m4a_that_is_cut_off(tmp_path: Path) -> None:
    path = write_with_ffmpeg(tmp_path / "a.m4a", tone(4, RATE, 2), RATE, "aac", "ipod")
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    with pytest.raises(AudioError, match=r"is cut off: it announces 192000 samples|is damaged after"):
        decoded(path)


def test_a_film_without_sound(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("mpeg4", rate=25)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        picture = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
        file.mux(stream.encode(picture))
        file.mux(stream.encode(None))
    with pytest.raises(AudioError, match="has no audio track"):
        decoded(path)


@pytest.mark.parametrize("name", ["list.m3u8", "list.ffconcat", "list.mp4"])
def test_a_playlist_opens_no_other_file(tmp_path: Path, name: str) -> None:
    write_with_ffmpeg(tmp_path / "secret.aac", tone(1, RATE, 2), RATE, "aac", "adts")
    entry = {
        "list.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{tmp_path}/secret.aac\n#EXT-X-ENDLIST\n",
        "list.ffconcat": f"ffconcat version 1.0\nfile {tmp_path}/secret.aac\n",
    }
    path = tmp_path / name
    path.write_text(entry.get(name, entry["list.m3u8"]))
    with pytest.raises(AudioError, match="cannot be read as audio"):
        decoded(path)


def test_a_text_is_no_audio_whatever_it_is_called(tmp_path: Path) -> None:
    for suffix in ("flac", "mp3", "m4a", "aac", "webm"):
        path = tmp_path / f"a.{suffix}"
        path.write_text("These are not the sounds you are looking for.\n" * 100)
        with pytest.raises(AudioError):
            decoded(path)


@pytest.mark.parametrize(
    ("text", "is_known"),
    [
        (" 00000000 00000400 00000010 0000000000007530", True),
        (" 00000000 00000400", False),
        (" 00000000 00FFFFFF 00000010", False),
        (" 00000000 -0000400 00000010", False),
        ("as much as you like", False),
    ],
)
def test_bare_aac_says_what_its_codec_added(tmp_path: Path, text: str, is_known: bool) -> None:
    path = write_with_ffmpeg(tmp_path / "a.aac", tone(1, RATE, 2), RATE, "aac", "adts")
    whole, _ = decoded(path)
    frames = ID3()
    frames.add(COMM(encoding=0, lang="eng", desc="iTunSMPB", text=text))
    frames.save(path)
    trimmed, _ = decoded(path)
    assert np.array_equal(trimmed, whole[0x400 : len(whole) - 0x10] if is_known else whole)
