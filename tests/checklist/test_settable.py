"""Every setting is the same through the SDK and on the command line, and its default is the one that is stated."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from quartet import AudioFormat, Client, Record, SongPlan, SongSpec, TextToMusic, save_record
from quartet.cli.group import cli
from quartet.items import SongItem
from quartet.planning import Blueprint
from quartet.v1 import music_pb2
from tests.checklist.rows import CODED_RECORD, HALF_CODED_RECORD, RECORD, UNPLANNED, CallSetting, Setting
from tests.checklist.table import ALL_SETTINGS, CALLS
from tests.quartet.scripted_gateway import ScriptedGateway, scripted_gateway, whole_call

UPLOADED = "ef" * 32
CODES = "5 7 9 11 13"
METHODS = {
    "compose": ("Compose", music_pb2.ComposeResponse()),
    "rewrite": ("Rewrite", music_pb2.RewriteResponse()),
    "understand": ("Understand", music_pb2.UnderstandResponse()),
    "score": ("Score", music_pb2.ScoreResponse(scores={"reward": 1.0})),
    "lyrics_timing": ("TranscribeLyricsTiming", music_pb2.TranscribeLyricsTimingResponse()),
}


@pytest.fixture(scope="module")
def gateway() -> Iterator[ScriptedGateway]:
    with scripted_gateway() as gateway:
        yield gateway


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that examples name."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "CODES.txt").write_text(CODES)
    made = SongSpec("piano", seeds=(3,), thinking=UNPLANNED)
    save_record(record_of(made), tmp_path / RECORD)
    coded = dataclasses.replace(made, task=TextToMusic(tuple(map(int, CODES.split()))))
    save_record(record_of(coded), tmp_path / CODED_RECORD)
    save_record(record_of(dataclasses.replace(made, task=TextToMusic((), 0.5))), tmp_path / HALF_CODED_RECORD)
    return tmp_path


def finished_call(song: music_pb2.SongSpec) -> list[Any]:
    """What a gateway sends that makes songs of no length in the format that is asked for."""
    responses = whole_call()
    record = responses[-1].record
    record.song.output.format = song.output.format
    for item in record.items:
        item.format, item.sample_rate = song.output.format, 48_000
    return responses


def record_of(song: SongSpec) -> Record:
    """A record of one song."""
    fields: dict[str, Any] = {field.name: 0 for field in dataclasses.fields(SongItem)}
    strings = {"audio_id": "", "sha256": "", "track": "", "format": AudioFormat.FLAC, "variation_seed": None}
    unchecked: dict[str, Any] = {"scores": {}, "lyric_lines": (), "lyric_scores": None}
    unplanned = {"timesteps": (), "codes": (), "code_reward": None}
    item = SongItem(**{**fields, **strings, **unchecked, **unplanned, "seed": song.seeds[0]})
    return Record("job", song, (item,), (), 0.0, {}, (), SongPlan(Blueprint(), ""))


def default_of(value: Any, path: str) -> Any:
    """The default of the field at a path; None where it has none."""
    head, _, rest = path.partition(".")
    if rest:
        return default_of(getattr(value, head), rest)
    field = next(field for field in dataclasses.fields(value) if field.name == head)
    return None if field.default is dataclasses.MISSING else field.default


@pytest.mark.parametrize("row", ALL_SETTINGS, ids=lambda row: row.id)
def test_a_setting_goes_into_the_message_and_back(row: Setting) -> None:
    spec = row.changed
    message = spec.to_message(UPLOADED if spec.reference else "")
    expected = dataclasses.replace(spec, reference=None, reference_audio_id=UPLOADED) if spec.reference else spec
    assert SongSpec.from_message(message) == expected
    assert default_of(row.start.spec, row.field) == row.default


@pytest.mark.parametrize("row", ALL_SETTINGS, ids=lambda row: row.id)
def test_a_setting_has_words_on_the_command_line(row: Setting, gateway: ScriptedGateway, folder: Path) -> None:
    spec = row.changed
    wanted = spec.to_message(UPLOADED if spec.reference else "")
    gateway.script("UploadAudio", [music_pb2.UploadAudioResponse(audio_id=UPLOADED)])
    gateway.script("Generate", finished_call(wanted))
    there = ("-o", f"song{AudioFormat(spec.format).suffix}", "--address", gateway.address)
    made = CliRunner().invoke(cli, [*row.start.words, *row.flags, *there])
    assert made.exit_code == 0, made.output
    assert gateway.requests["Generate"][-1].song == wanted


@pytest.mark.parametrize("row", CALLS, ids=lambda row: row.id)
def test_an_argument_of_a_call_has_words_on_the_command_line(
    row: CallSetting, gateway: ScriptedGateway, folder: Path
) -> None:
    method, answer = METHODS[row.call.method]
    gateway.requests.clear()
    gateway.script(method, [answer], [answer], [answer])
    with Client(gateway.address) as client:
        call = getattr(client, row.call.method)
        call(**row.arguments(row.example))
        if row.field not in ("job_id", "source", "seed"):
            call(**row.arguments(row.default))
    made = CliRunner().invoke(cli, [*row.call.words, *row.flags, "--address", gateway.address])
    assert made.exit_code == 0, made.output
    requests = gateway.requests[method]
    assert requests[-1] == requests[0]
    assert requests[1] != requests[0] or len(requests) == 2
