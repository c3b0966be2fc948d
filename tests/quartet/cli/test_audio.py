"""What `quartet info` and `--plot` say about recordings whose properties are known."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from click.testing import CliRunner

from quartet.cli import audio
from quartet.cli.group import cli
from quartet.cli.loudness import integrated_loudness
from quartet.cli.main import CommandError
from quartet.cli.plot import log_mel, mel_filters, plot
from tests.support.audio import write_with_ffmpeg

RATE = 48_000


def sine(frequency: float, seconds: float, dbfs: float = 0.0, channels: int = 2, rate: int = RATE) -> audio.Samples:
    times = np.arange(round(seconds * rate)) / rate
    wave = 10 ** (dbfs / 20) * np.sin(2 * np.pi * frequency * times)
    return np.repeat(wave[:, None], channels, axis=1).astype(np.float32)


def write(path: Path, samples: npt.NDArray[np.float32], subtype: str | None = None) -> Path:
    soundfile.write(path, samples, RATE, subtype=subtype)
    return path


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
@pytest.mark.parametrize("dbfs", [-23.0, -33.0])
def test_a_stereo_sine_of_1_khz_is_as_loud_as_its_peak_says(rate: int, dbfs: float) -> None:
    """EBU Tech 3341, cases 1 and 2."""
    assert integrated_loudness(sine(1000, 20, dbfs, rate=rate), rate) == pytest.approx(dbfs, abs=0.1)


def test_a_full_scale_sine_in_one_channel_has_the_loudness_of_the_recommendation() -> None:
    assert integrated_loudness(sine(997, 5, channels=1), RATE) == pytest.approx(-3.01, abs=0.02)


def test_the_gate_keeps_pauses_out() -> None:
    """EBU Tech 3341, case 3: -36, -23 and -36 LUFS."""
    parts = [sine(1000, 10, -36), sine(1000, 60, -23), sine(1000, 10, -36)]
    assert integrated_loudness(np.concatenate(parts), RATE) == pytest.approx(-23.0, abs=0.1)


def test_silence_and_nothing_have_no_loudness() -> None:
    assert integrated_loudness(np.zeros((RATE, 2), np.float32), RATE) == -math.inf
    assert integrated_loudness(np.zeros((0, 2), np.float32), RATE) == -math.inf


def test_levels_of_a_sine() -> None:
    samples = sine(440, 1, -6.0)
    assert audio.peak_dbfs(samples) == pytest.approx(-6.0, abs=0.01)
    assert audio.rms_dbfs(samples) == pytest.approx(-9.01, abs=0.01)
    assert audio.peak_dbfs(np.zeros((4, 1), np.float32)) == -math.inf


def test_silence_is_found_at_both_ends_and_within() -> None:
    tone, pause = sine(440, 1.0), np.zeros((RATE // 2, 2), np.float32)
    samples = np.concatenate([pause, tone, pause, tone, pause, pause])
    quiet = audio.silence(audio.Recording("WAV", "FLOAT", RATE, samples))
    assert (quiet.leading, quiet.trailing, quiet.total) == pytest.approx((0.5, 1.0, 2.0))


def test_a_wholly_silent_recording_is_silent_throughout() -> None:
    quiet = audio.silence(audio.Recording("WAV", "FLOAT", RATE, np.zeros((RATE, 1), np.float32)))
    assert (quiet.leading, quiet.trailing, quiet.total) == (1.0, 1.0, 1.0)


def test_info_tells_what_a_file_is(tmp_path: Path) -> None:
    path = write(tmp_path / "a.flac", sine(440, 2.0, -6.0), subtype="PCM_24")
    told = json.loads(CliRunner().invoke(cli, ["info", "--json", str(path)]).output)
    assert (told["format"], told["codec"], told["sample_rate"], told["channels"]) == ("FLAC", "PCM_24", RATE, 2)
    assert told["seconds"] == 2.0
    assert told["peak_dbfs"] == pytest.approx(-6.0, abs=0.01)
    assert "peak dbfs" in CliRunner().invoke(cli, ["info", str(path)]).output


def test_info_and_plots_of_what_only_ffmpeg_reads(tmp_path: Path) -> None:
    path = write_with_ffmpeg(tmp_path / "a.m4a", sine(440, 2.0, -6.0), RATE, "aac", "ipod")
    told = json.loads(CliRunner().invoke(cli, ["info", "--json", str(path)]).output)
    assert (told["format"], told["codec"], told["samples"]) == ("QuickTime / MOV", "aac", 2 * RATE)
    plot(path, tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_info_of_silence_is_valid_json(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", np.zeros((RATE, 2), np.float32))
    told = json.loads(CliRunner().invoke(cli, ["info", "--json", str(path)]).output)
    assert (told["peak_dbfs"], told["loudness_lufs"], told["silence_seconds"]) == (None, None, 1.0)


def test_what_is_no_audio_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("la la la")
    with pytest.raises(CommandError, match="cannot be read as audio"):
        audio.read(tmp_path / "a.txt")
    with pytest.raises(CommandError, match="does not exist"):
        audio.read(tmp_path / "b.flac")
    with pytest.raises(CommandError, match="is not a file"):
        audio.read(tmp_path)


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.flac", np.random.default_rng(0).normal(0, 0.1, (RATE, 2)).astype(np.float32))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(CommandError, match=r"is cut off|cannot be read as audio"):
        audio.read(path)


@pytest.mark.parametrize("frequency", [220.0, 1000.0, 8000.0])
def test_a_tone_lights_up_its_mel_band(frequency: float) -> None:
    bands = log_mel(sine(frequency, 1.0), RATE)
    expected = int(np.argmax(mel_filters(RATE)[:, round(frequency * 2048 / RATE)]))
    assert abs(int(bands.mean(axis=1).argmax()) - expected) <= 1
    assert bands.max() == 0.0


def test_neighbouring_mel_filters_add_up_to_one_between_their_peaks() -> None:
    filters = mel_filters(RATE, window=2**16)
    inner = filters.sum(axis=0)[300:-1500]
    np.testing.assert_allclose(inner, 1.0, atol=1e-9)


def test_silence_has_a_spectrogram_too() -> None:
    assert (log_mel(np.zeros((RATE, 2), np.float32), RATE) == -80.0).all()


@pytest.mark.parametrize("seconds", [0.01, 1.0])
def test_a_plot_is_a_png(tmp_path: Path, seconds: float) -> None:
    plot(write(tmp_path / "a.flac", sine(440, seconds)), tmp_path / "out" / "a.png")
    assert (tmp_path / "out" / "a.png").read_bytes().startswith(b"\x89PNG")
