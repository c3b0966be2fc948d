"""The command line against the real chain with tiny models."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import soundfile

from quartet import Client, JobChanged, JobState
from tests.integration.up import Up, quartet_up


@pytest.fixture(scope="module")
def up(tiny_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with quartet_up(tiny_models, tmp_path_factory.mktemp("up")) as up:
        yield up


def quartet(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "quartet.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, input=stdin)


def song(up: Up, output: Path, *arguments: str, stdin: str = "", rewrites: bool = False) -> dict[str, Any]:
    """The record of a planned song."""
    flags = ("--duration", "1", "--steps", "2", "-o", str(output), "--address", up.address, "--json")
    kept = () if rewrites else ("--keep-caption",)
    result = quartet("song", "lo-fi piano", *kept, *flags, *arguments, stdin=stdin)
    assert result.returncode == 0, result.stderr
    record: dict[str, Any] = json.loads(result.stdout)
    return record


@dataclass(frozen=True)
class Made:
    """A song that others are made of."""

    file: Path
    record: dict[str, Any]


@pytest.fixture(scope="module")
def made(up: Up, tmp_path_factory: pytest.TempPathFactory) -> Made:
    file = tmp_path_factory.mktemp("made") / "song.wav"
    return Made(file, song(up, file, "--seed", "7"))


def test_a_song_is_saved_and_its_record_printed(up: Up, tmp_path: Path) -> None:
    record = song(up, tmp_path / "song.flac", "--seed", "7", "--plot", str(tmp_path / "song.png"), rewrites=True)
    assert [item["seed"] for item in record["items"]] == [7]
    told = json.loads(quartet("info", "--json", str(tmp_path / "song.flac")).stdout)
    assert (told["format"], told["sample_rate"], told["channels"]) == ("FLAC", 48_000, 2)
    assert told["seconds"] == pytest.approx(1.0, abs=0.04)
    assert told["peak_dbfs"] == pytest.approx(-1.0, abs=0.01)
    assert (tmp_path / "song.png").read_bytes().startswith(b"\x89PNG")


def test_the_same_seed_makes_the_same_bytes(up: Up, made: Made, tmp_path: Path) -> None:
    song(up, tmp_path / "again.wav", "--seed", "7")
    assert (tmp_path / "again.wav").read_bytes() == made.file.read_bytes()


def test_items_lyrics_and_a_reference(up: Up, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, (44_100, 1))
    soundfile.write(tmp_path / "voice.wav", noise, 44_100)
    flags = ("--items", "2", "--lyrics-file", "-", "--reference", str(tmp_path / "voice.wav"), "--format", "wav16")
    record = song(up, tmp_path / "song.wav", *flags, stdin="[Verse]\nla la")
    assert record["song"]["lyrics"] == "[Verse]\nla la"
    assert record["song"]["reference_audio_id"]
    first, second = ((tmp_path / f"song-{number}.wav").read_bytes() for number in (1, 2))
    assert first != second


def test_songs_are_made_again_from_their_record(up: Up, tmp_path: Path) -> None:
    """Planned ones, with a reference, in two formats: all of them and one alone."""
    noise = np.random.default_rng(0).normal(0, 0.1, (44_100, 1))
    soundfile.write(tmp_path / "voice.wav", noise, 44_100)
    flags = ("--items", "2", "--seed", "7", "--reference", str(tmp_path / "voice.wav"), "--sample-rate", "44100")
    song(up, tmp_path / "song.m4a", *flags, "--title", "Voices")
    first, second = ((tmp_path / f"song-{number}.m4a").read_bytes() for number in (1, 2))
    strictly = ("again", str(tmp_path / "song.json"), "--strict", "--address", up.address)
    both = quartet(*strictly)
    assert both.returncode == 0, both.stderr
    assert [(tmp_path / f"song-again-{number}.m4a").read_bytes() for number in (1, 2)] == [first, second]
    alone = quartet(*strictly, "--item", "1", "-o", str(tmp_path / "alone.m4a"))
    assert alone.returncode == 0, alone.stderr
    assert (tmp_path / "alone.m4a").read_bytes() == second
    from_alone = quartet("again", str(tmp_path / "alone.json"), "--strict", "--address", up.address)
    assert from_alone.returncode == 0, from_alone.stderr
    assert (tmp_path / "alone-again.m4a").read_bytes() == second


def test_a_recording_that_the_gateway_lacks_is_uploaded_again(up: Up, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "voice.wav", np.random.default_rng(1).normal(0, 0.1, (44_100, 1)), 44_100)
    song(up, tmp_path / "song.wav", "--reference", str(tmp_path / "voice.wav"))
    text = (tmp_path / "song.json").read_text()
    soundfile.write(tmp_path / "other.wav", np.random.default_rng(2).normal(0, 0.1, (44_100, 1)), 44_100)
    other = hashlib.sha256((tmp_path / "other.wav").read_bytes()).hexdigest()
    used = json.loads(text)["song"]["reference_audio_id"]
    (tmp_path / "song.json").write_text(text.replace(used, other))
    arguments = ("again", str(tmp_path / "song.json"), "--address", up.address)
    missing = quartet(*arguments)
    assert missing.returncode == 1
    assert f"audio '{other}' does not exist; give the recording with --audio" in missing.stderr
    assert quartet(*arguments, "--audio", str(tmp_path / "other.wav")).returncode == 0


def test_the_time_is_told_for_people(up: Up, tmp_path: Path) -> None:
    flags = ("--keep-caption", "--duration", "1", "--steps", "2", "-o", str(tmp_path / "song.opus"))
    printed = quartet("song", "piano", *flags, "--address", up.address).stdout
    assert str(tmp_path / "song.opus") in printed
    for word in ("where the time went", "encode", "sample", "decode", "job"):
        assert word in printed


def test_a_request_that_the_gateway_refuses_is_one_line(up: Up, tmp_path: Path) -> None:
    flags = ("--duration", "6000", "--steps", "900", "-o", str(tmp_path / "song.flac"), "--address", up.address)
    result = quartet("song", "piano", *flags)
    assert result.returncode == 1
    line = result.stderr.strip().splitlines()[-1]
    assert line.startswith("error: ")
    assert "duration" in line
    assert "steps" in line
    assert "Traceback" not in result.stderr


def test_a_text_file_as_reference_is_refused(up: Up, tmp_path: Path) -> None:
    (tmp_path / "voice.wav").write_text("this is no audio")
    flags = ("--reference", str(tmp_path / "voice.wav"), "-o", str(tmp_path / "song.flac"), "--address", up.address)
    result = quartet("song", "piano", *flags)
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "song.flac").exists()


def test_status_and_jobs(up: Up, tmp_path: Path) -> None:
    job_id = song(up, tmp_path / "song.flac")["job_id"]
    status = json.loads(quartet("status", "--json", "--address", up.address).stdout)
    ready = {replica["stage"] for replica in status["replicas"] if replica["ready"]}
    assert ready == {"planner", "encoder", "dit", "vae"}
    assert "acestep-v15-turbo" in quartet("status", "--address", up.address).stdout
    jobs = json.loads(quartet("jobs", "--json", "--limit", "1", "--address", up.address).stdout)["jobs"]
    assert [(job["id"], job["state"]) for job in jobs] == [(job_id, "succeeded")]
    assert job_id in quartet("jobs", "--address", up.address).stdout


def test_ctrl_c_cancels_the_job_and_its_compute(up: Up, tmp_path: Path) -> None:
    idle = up.sampler_steps()
    long = ("--no-plan", "--duration", "60", "--items", "3", "--steps", "200")
    flags = (*long, "-o", str(tmp_path / "song.flac"), "--address", up.address)
    process = subprocess.Popen(
        [sys.executable, "-m", "quartet.cli", "song", "piano", *flags], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    while up.sampler_steps() < idle + 2:
        assert process.poll() is None, process.communicate()
    process.send_signal(signal.SIGINT)
    stderr = process.communicate()[1].decode()
    assert process.returncode == 130
    assert "cancelled job" in stderr
    assert "Traceback" not in stderr
    assert not (tmp_path / "song.flac").exists()
    with Client(up.address) as client:
        *_, last = client.watch(client.jobs(page_size=1).jobs[0].id)
        assert isinstance(last, JobChanged)
        assert last.job.state is JobState.CANCELLED
        stopped = up.sampler_steps()
        client.generate("piano", duration=1, steps=2)
    assert up.sampler_steps() - stopped in (2, 3)


def test_a_private_stack_is_gone_afterwards(tiny_models: Path, tmp_path: Path) -> None:
    mine = psutil.Process(os.getpid())
    before = set(mine.children(recursive=True))
    made = ("song", "piano", "--keep-caption", "--duration", "1", "--steps", "2", "-o", str(tmp_path / "song.flac"))
    result = quartet(*made, "--up", "--models", str(tiny_models))
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "song.flac").read_bytes().startswith(b"fLaC")
    assert set(mine.children(recursive=True)) <= before
    again = quartet("again", str(tmp_path / "song.json"), "--strict", "--up", "--models", str(tiny_models))
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "song-again.flac").read_bytes() == (tmp_path / "song.flac").read_bytes()


def test_a_private_stack_that_cannot_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    result = quartet("song", "piano", "--up", "--models", str(tmp_path / "models"), "-o", str(tmp_path / "song.flac"))
    assert result.returncode == 1
    assert result.stderr.startswith("error: ")
    assert "Traceback" not in result.stderr


def verb(up: Up, name: str, *arguments: str) -> dict[str, Any]:
    result = quartet(name, *arguments, "--steps", "2", "--address", up.address, "--json")
    assert result.returncode == 0, result.stderr
    record: dict[str, Any] = json.loads(result.stdout)
    return record


def test_a_recording_is_a_file_or_a_job_or_an_audio_id(up: Up, made: Made, tmp_path: Path) -> None:
    job_id, audio_id = made.record["job_id"], made.record["items"][0]["audio_id"]
    for source in (str(made.file), job_id, f"{job_id}:0", audio_id):
        again = verb(up, "repaint", source, "loud horns", "--from", "0.4", "-o", str(tmp_path / "new.wav"))
        assert again["song"]["task"]["regions"] == [{"start": 0.4, "end": None}]
        before, after = (soundfile.read(path)[0] for path in (made.file, tmp_path / "new.wav"))
        assert np.abs(after[:18_000] - before[:18_000]).max() < 1e-6
        assert np.abs(after[20_000:] - before[20_000:]).max() > 1e-3


@pytest.mark.parametrize(
    ("name", "arguments", "task"),
    [
        ("cover", ("--strength", "0.5", "--blend"), {"type": "Cover", "strength": 0.5, "blend": True}),
        ("extend", ("--after", "1"), {"type": "Extend", "before": 0.0, "after": 1.0}),
        ("remix", ("--strength", "0.3"), {"type": "Remix", "strength": 0.3}),
        (
            "edit",
            ("--was", "lo-fi piano", "--n-avg", "2"),
            {"type": "Edit", "source_caption": "lo-fi piano", "n_avg": 2},
        ),
    ],
)
def test_each_task_is_a_verb(
    up: Up, made: Made, tmp_path: Path, name: str, arguments: tuple[str, ...], task: dict[str, Any]
) -> None:
    record = verb(up, name, made.record["job_id"], "loud horns", *arguments, "-o", str(tmp_path / "new.wav"))
    assert record["song"]["task"].items() >= task.items()
    assert (tmp_path / "new.wav").exists()


def test_takes_of_a_song(up: Up, made: Made, tmp_path: Path) -> None:
    for source in (str(made.file.with_suffix(".json")), made.record["job_id"]):
        flags = (
            "--items",
            "2",
            "--take-seed",
            "3",
            "--address",
            up.address,
            "--json",
            "-o",
            str(tmp_path / "take.wav"),
        )
        result = quartet("retake", source, *flags)
        assert result.returncode == 0, result.stderr
        takes = json.loads(result.stdout)
        assert [item["seed"] for item in takes["items"]] == [7, 7]
        assert takes["items"][0]["variation_seed"] == 3


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("repaint", "nothing.wav", "x"), "say which part to make anew: --from 10 --to 20"),
        (("repaint", "nothing.wav", "x", "--from", "1"), "nothing.wav is no file, no job and no audio id"),
        (("repaint", "nothing.wav", "x", "--from", "1", "--to", "2", "--to", "3"), "there are more --to than --from"),
        (("extract", "nothing.wav"), "name the tracks to take out, or say --all"),
        (("extract", "nothing.wav", "kazoo"), "'kazoo' is not one of"),
        (("lego", "nothing.wav", "bass", "x", "--to", "1", "--to", "2"), "there are more --to than --from"),
        (("cover", "0" * 24, "x"), "job '000000000000000000000000' does not exist"),
        (("edit", "nothing.wav", "x"), "Missing option '--was'"),
        (("remix", "nothing.wav", "x", "--strength", "2"), "2.0 is not in the range 0<=x<=1"),
    ],
)
def test_verbs_say_what_they_lack(up: Up, arguments: tuple[str, ...], complaint: str) -> None:
    result = quartet(*arguments, "--address", up.address)
    assert result.returncode != 0
    assert complaint in result.stderr.replace("\n", " ")
