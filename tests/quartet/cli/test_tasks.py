"""What the verbs for recordings ask for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from quartet.cli.group import cli
from quartet.v1 import music_pb2
from tests.quartet.scripted_gateway import ScriptedGateway, accepted, audio, record, scripted_gateway

SOURCE = "ab" * 32
VERBS = {
    "cover": (),
    "repaint": ("--from", "1", "--to", "-1"),
    "extend": ("--after", "1"),
    "extract": ("drums",),
    "lego": ("drums", "--from", "1", "--to", "-1"),
    "complete": (),
    "edit": ("a drum", "--was", "a piano"),
    "remix": (),
}


@pytest.fixture(scope="module")
def gateway() -> Iterator[ScriptedGateway]:
    with scripted_gateway() as gateway:
        yield gateway


def asked(gateway: ScriptedGateway, folder: Path, *arguments: str) -> music_pb2.SongSpec:
    """The song that a command asks for."""
    printed(gateway, folder, *arguments)
    song: music_pb2.SongSpec = gateway.requests["Generate"][-1].song
    return song


def printed(gateway: ScriptedGateway, folder: Path, *arguments: str) -> list[str]:
    """The lines of a command whose two songs are made."""
    made = record()
    for item in made.record.items:
        item.sample_rate = 48_000
    gateway.script("Generate", [accepted(), audio(0, last=True), audio(1, last=True), made])
    command = (*arguments, "--address", gateway.address, "-o", str(folder / "song.flac"))
    done = CliRunner().invoke(cli, command)
    assert done.exit_code == 0
    return done.output.splitlines()


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_prints_the_job_that_the_next_one_takes(verb: str, gateway: ScriptedGateway, tmp_path: Path) -> None:
    assert "job job-1" in printed(gateway, tmp_path, verb, SOURCE, *VERBS[verb])


@pytest.mark.parametrize("verb", VERBS)
def test_what_other_applications_write_for_open_is_open(verb: str, gateway: ScriptedGateway, tmp_path: Path) -> None:
    known = () if verb == "extract" else ("--bpm", "-1", "--key", "N/A", "--meter", "auto", "--language", "unknown")
    song = asked(gateway, tmp_path, verb, SOURCE, *VERBS[verb], "--seed", "-1", *known)
    assert not song.seeds
    assert not song.metadata.HasField("bpm")
    for region in (*song.repaint.regions, *song.lego.regions):
        assert (region.start.seconds, region.HasField("end")) == (1, False)


@pytest.mark.parametrize("verb", sorted(VERBS.keys() - {"extract"}))
def test_every_verb_with_lyrics_makes_instrumentals(verb: str, gateway: ScriptedGateway, tmp_path: Path) -> None:
    song = asked(gateway, tmp_path, verb, SOURCE, *VERBS[verb], "--lyrics", "la la", "--instrumental")
    assert (song.lyrics, song.instrumental) == ("la la", True)
