"""Songs of every length through the whole chain: whoever chose it, words, codes and samples are of one length."""

from __future__ import annotations

import dataclasses
import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import grpc
import numpy as np
import pytest
import soundfile
import torch
import yaml

from quartet import Client, SongSpec, Thinking
from quartet.exchange import Song
from quartet.v1 import planner_pb2, planner_pb2_grpc
from tests.support.processes import Start, running

KEPT = Thinking(rewrite_caption=False)
SONG = SongSpec("rain on a tin roof", "[Verse]\nlet it rain", bpm=96, seeds=(11,), steps=1, thinking=KEPT)
VARIANT = "acestep-v15-turbo"
RATE = 48_000


def check_song(song: Song, seconds: float) -> None:
    """Codes, frames and samples of a length, rounded down; and something to hear."""
    (item,), (file,) = song.record.items, song.files
    pcm, rate = soundfile.read(io.BytesIO(file), always_2d=True)
    assert rate == RATE
    assert len(item.codes) == int(seconds * 5)
    assert len(pcm) == item.samples == int(seconds * 25) * 1920
    parts = np.array_split(pcm, 8)
    assert min(float(np.square(part).mean()) for part in parts) > 1e-6, "a part of the song is silent"


@pytest.fixture(scope="module")
def short_dit(tiny_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A DiT that makes songs of at most 12 s: so long is its silence."""
    models = tmp_path_factory.mktemp("short")
    shutil.copytree(tiny_models / VARIANT, models / VARIANT)
    silence = models / VARIANT / "silence_latent.pt"
    torch.save(torch.load(silence, weights_only=True)[:, :, : 12 * 25].clone(), silence)
    with running("services.dit", "--models", str(models)) as server:
        yield server.address


def test_an_open_length_is_one_that_the_dit_can_make(
    short_dit: str, planner_address: str, start_gateway: Start
) -> None:
    """The thought that is shown is the one of the codes: a planner that gets it back writes the same ones."""
    with (
        start_gateway("--dit", short_dit, "--planner", planner_address) as gateway,
        Client(gateway.address) as client,
        grpc.insecure_channel(planner_address) as channel,
    ):
        assert client.models()[0].max_duration == 12
        song = client.generate(SONG)
        seconds = song.record.plan.blueprint.duration
        assert seconds is not None
        assert 10 <= seconds <= 12
        thought = yaml.load(song.record.plan.thought, Loader=yaml.BaseLoader)  # noqa: S506 - strings only
        assert thought["duration"] == f"{seconds:g}"
        check_song(song, seconds)
        given = planner_pb2.Blueprint(caption=SONG.caption, lyrics=SONG.lyrics)
        request = planner_pb2.PlanRequest(
            given=given, thought=song.record.plan.thought, write_codes=True, sampling={"seed": 11}
        )
        *_, last = planner_pb2_grpc.PlannerServiceStub(channel).Plan(request, timeout=60)
        assert tuple(last.result.codes) == song.record.items[0].codes


def test_an_open_length_is_one_that_the_planner_can_plan(tiny_models: Path, start_gateway: Start) -> None:
    with (
        running("services.planner", "--models", str(tiny_models), "--max-seconds", "10") as planner,
        start_gateway("--planner", planner.address) as gateway,
        Client(gateway.address) as client,
    ):
        song = client.generate(SONG)
        assert song.record.plan.blueprint.duration == 10
        check_song(song, 10)


def test_a_length_that_nobody_chose_is_reported(short_dit: str, planner_address: str, start_gateway: Start) -> None:
    quiet = dataclasses.replace(SONG, thinking=dataclasses.replace(KEPT, write_metadata=False))
    with (
        start_gateway("--dit", short_dit, "--planner", planner_address) as gateway,
        Client(gateway.address) as client,
    ):
        song = client.generate(quiet)
        assert song.record.plan.blueprint.duration == 12
        assert "the length was left open and no planner was to choose it: it is 12 s" in song.record.warnings
        check_song(song, 12)


@pytest.mark.parametrize("seconds", [2.0, 2.5, 7.3, 30.7, 60.0])
def test_songs_of_any_length_are_whole_and_heard(planned_gateway_address: str, seconds: float) -> None:
    with Client(planned_gateway_address) as client:
        check_song(client.generate(dataclasses.replace(SONG, duration=seconds)), seconds)
