"""`quartet compose`, `rewrite`, `understand` and `score` against a real gateway with a planner."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import soundfile


def quartet(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "quartet.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def answer(*arguments: str) -> Any:
    done = quartet(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_compose(planned_gateway_address: str) -> None:
    there = ("--address", planned_gateway_address)
    song = answer("compose", "a sad song", "--language", "de", "--lm-seed", "3", *there)
    assert song["blueprint"]["vocal_language"] == "de"
    assert song["seed"] == 3
    shown = quartet("compose", "a sad song", "--language", "de", "--lm-seed", "3", *there)
    assert shown.returncode == 0
    for line in (f"tempo     {song['blueprint']['bpm']} bpm", "caption:", "seed 3"):
        assert line in shown.stdout


def test_rewrite(planned_gateway_address: str, tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("[Verse]\nla")
    there = ("--address", planned_gateway_address)
    lyrics = ("--lyrics-file", str(tmp_path / "words.txt"))
    song = answer("rewrite", "rock", *lyrics, "--bpm", "77", "--key", "a minor", "--meter", "3/4", *there)
    assert (song["blueprint"]["bpm"], song["blueprint"]["key_scale"]) == (77, "A minor")
    wrong = quartet("rewrite", "rock", "--bpm", "999", *there)
    assert wrong.returncode == 1
    assert wrong.stderr == "error: planner: given.metadata.bpm: is 999, must be within 30 and 300\n"


def test_understand(planned_gateway_address: str, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (96_000, 2))
    soundfile.write(tmp_path / "noise.wav", noise, 48_000)
    there = ("--lm-seed", "1", "--address", planned_gateway_address)
    song = answer("understand", str(tmp_path / "noise.wav"), *there)
    assert len(song["codes"]) == 10
    assert song["blueprint"]["key_scale"]
    (tmp_path / "codes.txt").write_text(" ".join(map(str, song["codes"])))
    assert answer("understand", "--codes", str(tmp_path / "codes.txt"), *there) == song


def test_a_song_shows_its_plan(planned_gateway_address: str, tmp_path: Path) -> None:
    output = str(tmp_path / "song.flac")
    there = ("--address", planned_gateway_address, "--duration", "2", "--steps", "2", "--seed", "1", "-o", output)
    made = quartet("song", "rain", "--bpm", "77", "--think", *there)
    assert made.returncode == 0, made.stderr
    assert "tempo     77 bpm" in made.stderr
    assert "caption:" in made.stderr
    job, *_ = (line.split()[0] for line in quartet("jobs", *there[:2]).stdout.splitlines() if "rain" in line)
    scores = answer("score", job, "--genres", "lo-fi", *there[:2])
    assert {"caption", "lyrics", "bpm", "genres", "reward"} <= scores["by_name"].keys()
    shown = quartet("score", job, "--skip-tags", *there[:2])
    assert shown.returncode == 0
    assert shown.stdout.splitlines()[-1].split()[0] == "reward"
    plain = quartet("song", "rain", "--no-plan", "--no-think", *there)
    assert plain.returncode == 0
    assert "tempo" not in plain.stderr


def test_without_a_planner(gateway_address: str) -> None:
    refused = quartet("compose", "a song", "--address", gateway_address)
    assert refused.returncode == 1
    assert "no planner is deployed behind this gateway" in refused.stderr
