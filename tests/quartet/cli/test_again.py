"""`quartet again` asks for what the record says, tells what differs and makes the identical files or, if told, none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from quartet import load_record
from quartet.cli.group import cli
from quartet.v1 import music_pb2, stage_pb2
from tests.quartet.scripted_gateway import AUDIO, ScriptedGateway, accepted, audio, record, scripted_gateway

MODEL = stage_pb2.ModelInfo(id="turbo", revision="a1", compute_dtype="float32", device="cpu")
OTHER = stage_pb2.ModelInfo(id="turbo", revision="b2", compute_dtype="float32", device="cpu")


@pytest.fixture
def gateway() -> Iterator[ScriptedGateway]:
    with scripted_gateway() as gateway:
        yield gateway


def whole_record() -> music_pb2.GenerateResponse:
    response = record()
    response.record.models["dit"].CopyFrom(MODEL)
    for item in response.record.items:
        item.sample_rate = 48_000
    return response


def both_songs() -> list[Any]:
    return [accepted(), audio(0, last=True), audio(1, last=True), whole_record()]


def second_song() -> list[Any]:
    response = whole_record()
    del response.record.items[0]
    response.record.items[0].index = 0
    chunk = music_pb2.AudioFileChunk(item=0, data=AUDIO[1], last=True)
    return [accepted(), music_pb2.GenerateResponse(audio=chunk), response]


def capacity(model: stage_pb2.ModelInfo) -> list[Any]:
    replica = music_pb2.StageReplica(ready=True, info=stage_pb2.StageInfo(models=[model]))
    return [music_pb2.GetCapacityResponse(stages=[music_pb2.StagePool(stage="dit", replicas=[replica])])]


def quartet(gateway: ScriptedGateway, *arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, [*map(str, arguments), "--address", gateway.address])


@pytest.fixture
def sidecar(gateway: ScriptedGateway, tmp_path: Path) -> Path:
    """The record of two songs."""
    gateway.script("Generate", both_songs())
    made = quartet(gateway, "song", "piano", "-o", tmp_path / "x.flac")
    assert made.exit_code == 0, made.output
    return tmp_path / "x.json"


def test_a_song_leaves_its_record_beside_it(gateway: ScriptedGateway, sidecar: Path) -> None:
    assert sorted(path.name for path in sidecar.parent.iterdir()) == ["x-1.flac", "x-2.flac", "x.json"]
    assert [item.seed for item in load_record(sidecar).items] == [5, 6]


def test_a_song_leaves_no_record_where_that_is_not_wished(gateway: ScriptedGateway, tmp_path: Path) -> None:
    gateway.script("Generate", both_songs())
    assert quartet(gateway, "song", "piano", "-o", tmp_path / "x.flac", "--no-sidecar").exit_code == 0
    assert not (tmp_path / "x.json").exists()


def test_another_file_is_not_replaced_by_a_record(gateway: ScriptedGateway, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"name": "mine"}')
    refused = quartet(gateway, "song", "piano", "-o", tmp_path / "x.flac")
    assert refused.exit_code == 2
    assert "is no record of a song" in refused.output
    assert (tmp_path / "x.json").read_text() == '{"name": "mine"}'


def test_lyrics_in_time_do_not_replace_the_lyrics_that_were_given(gateway: ScriptedGateway, tmp_path: Path) -> None:
    (tmp_path / "x.lrc").write_text("la")
    there = ("--lyrics-file", tmp_path / "x.lrc", "-o", tmp_path / "x.flac")
    refused = quartet(gateway, "song", "piano", *there, "--lrc")
    assert refused.exit_code == 2
    assert "--lrc would replace this file" in refused.output
    assert (tmp_path / "x.lrc").read_text() == "la"


def test_all_songs_again(gateway: ScriptedGateway, sidecar: Path) -> None:
    gateway.script("GetCapacity", capacity(MODEL))
    gateway.script("Generate", both_songs())
    made = quartet(gateway, "again", sidecar, "--strict")
    assert made.exit_code == 0, made.output
    assert "warning" not in made.output
    for number, data in enumerate(AUDIO, start=1):
        assert (sidecar.parent / f"x-again-{number}.flac").read_bytes() == data
    asked = gateway.requests["Generate"][-1].song
    assert (asked.caption, asked.items, list(asked.seeds)) == ("piano", 2, [5, 6])
    assert load_record(sidecar.parent / "x-again.json").items == load_record(sidecar).items


def test_one_song_alone_beside_its_record(gateway: ScriptedGateway, sidecar: Path) -> None:
    """The record of both songs stays."""
    before = sidecar.read_bytes()
    gateway.script("GetCapacity", capacity(MODEL))
    gateway.script("Generate", second_song())
    made = quartet(gateway, "again", sidecar, "--item", "1", "-o", sidecar.with_suffix(".flac"), "--strict")
    assert made.exit_code == 0, made.output
    assert sidecar.with_suffix(".flac").read_bytes() == AUDIO[1]
    assert list(gateway.requests["Generate"][-1].song.seeds) == [6]
    assert sidecar.read_bytes() == before


def test_another_revision_is_told(gateway: ScriptedGateway, sidecar: Path) -> None:
    gateway.script("GetCapacity", capacity(OTHER))
    gateway.script("Generate", both_songs())
    made = quartet(gateway, "again", sidecar)
    assert made.exit_code == 0
    assert "warning: dit: the record names turbo a1 in float32 on cpu, there is turbo b2" in made.output


def test_strictly_another_revision_makes_nothing(gateway: ScriptedGateway, sidecar: Path) -> None:
    gateway.script("GetCapacity", capacity(OTHER))
    refused = quartet(gateway, "again", sidecar, "--strict")
    assert refused.exit_code == 1
    assert "not identical: dit:" in str(refused.exception)
    assert len(gateway.requests["Generate"]) == 1


@pytest.mark.parametrize("strict", [False, True])
def test_other_bytes_are_told_and_strictly_not_kept(gateway: ScriptedGateway, sidecar: Path, strict: bool) -> None:
    sidecar.write_text(sidecar.read_text().replace(load_record(sidecar).items[1].sha256, "0" * 64))
    gateway.script("GetCapacity", capacity(MODEL))
    gateway.script("Generate", both_songs())
    made = quartet(gateway, "again", sidecar, *(["--strict"] if strict else []))
    assert "item 1: the file is another one than that of the record" in made.output + str(made.exception)
    assert made.exit_code == int(strict)
    assert (sidecar.parent / "x-again-1.flac").exists() is not strict


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [(("-o", "y.mp3"), "is a .flac file"), (("--item", "2"), "has 2, counted from 0"), (("--item", "-1"), "range")],
)
def test_wrong_usage(gateway: ScriptedGateway, sidecar: Path, flags: tuple[str, ...], complaint: str) -> None:
    refused = quartet(gateway, "again", sidecar, *flags)
    assert refused.exit_code == 2
    assert complaint in refused.output


def test_what_is_no_record(gateway: ScriptedGateway, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{}")
    refused = quartet(gateway, "again", tmp_path / "x.json")
    assert "record.schema_version: is None, must be 1" in str(refused.exception)
