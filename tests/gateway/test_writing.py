"""Audio files: every format, its level and fades, and the same bytes for the same song."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from mutagen.mp3 import MP3, BitrateMode

from gateway.artifacts import ArtifactStore
from gateway.audio import ogg
from gateway.audio.tags import Tags
from gateway.audio.writing import IN_MEMORY_BYTES, Output, PcmSpool, fade, write
from quartet.songs import AudioFormat
from tests.support.audio import decoded, tone

RATE = 48_000
Pcm = npt.NDArray[np.float32]
TAGS = Tags("rain", "rain on a tin roof", "[Verse]\nla la", 92, "A minor", seed=7, model="turbo")
LOSSLESS = {AudioFormat.FLAC: 2**-22, AudioFormat.WAV16: 2**-14, AudioFormat.WAV24: 2**-22, AudioFormat.WAV32F: 1e-7}


def song(seconds: float, level: float = 0.5) -> Pcm:
    noise = np.random.default_rng(0).uniform(-1, 1, (int(seconds * RATE), 2)).astype(np.float32)
    noise[100, 1] = -1.0
    return noise * np.float32(level)


def spooled(pcm: Pcm) -> PcmSpool:
    spool = PcmSpool(np.empty_like(pcm))
    for part in np.array_split(pcm, 7):
        spool.add(part)
    return spool


def written(folder: Path, pcm: Pcm, output: Output) -> Path:
    target = folder / f"song{output.format.suffix}"
    write(spooled(pcm), target, RATE, output)
    return target


@pytest.mark.parametrize("audio_format", AudioFormat)
def test_every_format_can_be_read_and_has_every_sample(tmp_path: Path, audio_format: AudioFormat) -> None:
    pcm = song(5.3)
    path = written(tmp_path, pcm, Output(audio_format, keep_level=True))
    read, rate = decoded(path)
    assert rate == RATE
    assert read.shape == pcm.shape
    if audio_format in LOSSLESS:
        assert np.abs(read - pcm).max() <= LOSSLESS[audio_format]


def test_equal_songs_are_equal_files(tmp_path: Path) -> None:
    """Also in the next second and in another process: what would differ is a time stamp or a random number."""
    script = "\n".join(
        [
            "from pathlib import Path",
            "from tests.gateway.test_writing import write_all",
            f"write_all(Path({str(tmp_path)!r}), 'theirs')",
        ]
    )
    ours = write_all(tmp_path, "ours")
    second = int(time.time())
    while int(time.time()) == second:
        time.sleep(0.05)
    subprocess.run([sys.executable, "-c", script], check=True)
    for path in ours:
        assert path.read_bytes() == path.with_name(path.name.replace("ours", "theirs")).read_bytes(), path.name


def write_all(folder: Path, name: str) -> list[Path]:
    """The same song in every format."""
    spool = spooled(song(1.2))
    paths = [folder / f"{name}-{audio_format.value}" for audio_format in AudioFormat]
    for path, audio_format in zip(paths, AudioFormat, strict=True):
        write(spool, path, RATE, Output(audio_format), TAGS)
    return paths


def pitch(pcm: Pcm, rate: int) -> float:
    """Hertz of the strongest partial of the first second."""
    return float(np.argmax(np.abs(np.fft.rfft(pcm[:rate, 0]))))


@pytest.mark.parametrize("audio_format", [kind for kind in AudioFormat if kind is not AudioFormat.OPUS])
def test_songs_can_have_44100_samples_a_second(tmp_path: Path, audio_format: AudioFormat) -> None:
    path = tmp_path / f"song{audio_format.suffix}"
    made = write(spooled(tone(2, RATE, 2, 1000.0)), path, RATE, Output(audio_format, sample_rate=44_100))
    read, rate = decoded(path)
    assert (made.samples, made.sample_rate) == (88_200, 44_100)
    assert made.gain == pytest.approx(0.891251 / 0.5, abs=1e-3)
    assert (len(read), rate) == (88_200, 44_100)
    assert pitch(read, rate) == pytest.approx(1000, abs=1)


def test_the_peak_is_that_of_the_file_also_at_another_rate(tmp_path: Path) -> None:
    path = tmp_path / "song.wav"
    write(spooled(song(2)), path, RATE, Output(AudioFormat.WAV32F, sample_rate=44_100))
    assert np.abs(decoded(path)[0]).max() == pytest.approx(0.891251, abs=1e-6)


@pytest.mark.parametrize(
    ("audio_format", "codec_rate", "rate"),
    [
        (AudioFormat.FLAC, 24_000, 24_000),
        (AudioFormat.M4A, 24_000, 24_000),
        (AudioFormat.AAC, 24_000, 24_000),
        (AudioFormat.OPUS, 24_000, 48_000),
        (AudioFormat.MP3, 24_000, 48_000),
        (AudioFormat.MP3, 44_100, 44_100),
        (AudioFormat.OPUS, 44_100, 48_000),
    ],
)
def test_where_nobody_asks_files_have_the_rate_of_the_codec_where_they_can(
    tmp_path: Path, audio_format: AudioFormat, codec_rate: int, rate: int
) -> None:
    path = tmp_path / f"song{audio_format.suffix}"
    made = write(spooled(tone(1, codec_rate, 2)), path, codec_rate, Output(audio_format))
    assert (made.sample_rate, decoded(path)[1]) == (rate, rate)
    assert pitch(*decoded(path)) == pytest.approx(440, abs=1)


@pytest.mark.parametrize("rate", [44_100, 48_000])
@pytest.mark.parametrize("kbps", [128, 192, 256, 320])
def test_mp3_files_have_the_bit_rate_that_was_asked_for(tmp_path: Path, kbps: int, rate: int) -> None:
    output = Output(AudioFormat.MP3, sample_rate=rate, mp3_bitrate_kbps=kbps)
    info = MP3(written(tmp_path, song(2), output)).info
    assert info.bitrate == pytest.approx(1000 * kbps, rel=0.001)
    assert info.bitrate_mode == BitrateMode.CBR


def test_mp3_files_have_128_kbit_a_second_where_nobody_asks(tmp_path: Path) -> None:
    assert MP3(written(tmp_path, song(2), Output(AudioFormat.MP3))).info.bitrate == 128_000


@pytest.mark.parametrize("samples", [30_719, 30_720, 30_721, 59_256])
@pytest.mark.parametrize("audio_format", [AudioFormat.M4A, AudioFormat.AAC])
def test_aac_is_read_without_what_it_adds(tmp_path: Path, audio_format: AudioFormat, samples: int) -> None:
    pcm = tone(2, RATE, 2)[:samples]
    read, _ = decoded(written(tmp_path, pcm, Output(audio_format, keep_level=True)))
    assert read.shape == pcm.shape == (samples, 2)
    assert np.corrcoef(read[:, 0], pcm[:, 0])[0, 1] > 0.999


def test_players_can_start_an_m4a_before_they_have_all(tmp_path: Path) -> None:
    data = written(tmp_path, tone(1, RATE, 2), Output(AudioFormat.M4A)).read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_minutes_of_vorbis(tmp_path: Path) -> None:
    path = written(tmp_path, song(150, level=0.1), Output(AudioFormat.VORBIS))
    assert soundfile.info(path).frames == 150 * RATE


@pytest.mark.parametrize("level", [0.01, 0.5, 3.0])
def test_the_peak_is_normalised_to_minus_one_dbfs(tmp_path: Path, level: float) -> None:
    path = written(tmp_path, song(0.5, level), Output(AudioFormat.WAV32F))
    assert np.abs(soundfile.read(path)[0]).max() == pytest.approx(0.891251, abs=1e-6)


@given(level=st.floats(1e-6, 100), dbfs=st.floats(-60, 0))
def test_gain_brings_the_peak_where_it_was_asked(level: float, dbfs: float) -> None:
    assert level * Output(AudioFormat.FLAC, dbfs).gain(level) == pytest.approx(10 ** (dbfs / 20))


@pytest.mark.parametrize(("peak", "gain"), [(0.2, 1.0), (1.0, 1.0), (4.0, 0.25)])
def test_kept_levels_are_lowered_only_where_they_exceed_full_scale(peak: float, gain: float) -> None:
    assert Output(AudioFormat.FLAC, keep_level=True).gain(peak) == gain


def test_silence_stays_silent(tmp_path: Path) -> None:
    path = written(tmp_path, np.zeros((RATE, 2), np.float32), Output(AudioFormat.FLAC))
    assert not soundfile.read(path)[0].any()


def test_fades_rise_and_fall_linearly(tmp_path: Path) -> None:
    output = Output(AudioFormat.WAV32F, keep_level=True, fade_in=1.0, fade_out=2.0)
    read, _ = soundfile.read(written(tmp_path, np.full((4 * RATE, 2), 0.5, np.float32), output))
    assert read[0, 0] == read[-1, 0] == 0
    assert read[RATE // 2, 0] == pytest.approx(0.25)
    assert read[RATE : 2 * RATE - 1] == pytest.approx(0.5)
    assert read[3 * RATE - 1, 1] == pytest.approx(0.25)


@given(st.data())
def test_a_fade_does_not_depend_on_the_blocks(data: st.DataObject) -> None:
    total = data.draw(st.integers(1, 500))
    output = Output(AudioFormat.FLAC, fade_in=data.draw(st.floats(0, 0.005)), fade_out=data.draw(st.floats(0, 0.005)))
    cut = data.draw(st.integers(0, total))
    whole = fade(0, total, total, RATE, output)
    parts = [fade(0, cut, total, RATE, output), fade(cut, total - cut, total, RATE, output)]
    assert np.array_equal(np.concatenate(parts), whole)
    assert whole.min() >= 0
    assert whole.max() <= 1


def test_the_page_checksum_is_that_of_ogg(tmp_path: Path) -> None:
    """libsndfile's own first page is the reference."""
    path = tmp_path / "a.ogg"
    soundfile.write(path, song(0.1), RATE, subtype="VORBIS")
    data = path.read_bytes()
    segments = data[27 : 27 + data[26]]
    page = bytearray(data[: 27 + len(segments) + sum(segments)])
    expected = int.from_bytes(page[22:26], "little")
    page[22:26] = bytes(4)
    assert ogg.checksum(bytes(page)) == expected


def test_other_files_have_no_serial_number(tmp_path: Path) -> None:
    path = tmp_path / "a.ogg"
    path.write_bytes(b"RIFF" + bytes(100))
    with pytest.raises(ValueError, match="something else than Ogg"):
        ogg.clear_serial_number(path)


@pytest.mark.parametrize(("samples", "files"), [(IN_MEMORY_BYTES // 8, 0), (IN_MEMORY_BYTES // 8 + 1, 1)])
def test_only_long_songs_are_spooled_in_a_file(tmp_path: Path, samples: int, files: int) -> None:
    artifacts = ArtifactStore(tmp_path)
    with PcmSpool.opened(samples, 2, artifacts.scratch_file) as spool:
        assert len(list((tmp_path / "scratch").iterdir())) == files
        pcm = song(0.1)
        spool.add(pcm)
        assert np.array_equal(spool.pcm, pcm)
        assert spool.peak == np.abs(pcm).max()
    assert not list((tmp_path / "scratch").iterdir())
