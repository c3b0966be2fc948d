"""A record survives its file, says which weights are others now, and asks for what it was made from."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from quartet import Record, Thinking, differences, load_record, save_record
from quartet.errors import InvalidRequestError
from quartet.events import Model, StageTiming
from quartet.items import SongItem
from quartet.lyrics import LyricLine, LyricScores, LyricsTiming, LyricWord
from quartet.planning import Blueprint, SongPlan
from quartet.records import read_record
from quartet.songs import AudioFormat, SongSpec
from quartet.v1 import music_pb2

DIT = Model("turbo", "a1", "float32", "cpu")
LM = Model("lm", "c3", "bfloat16", "cuda:0")


def item(index: int, seed: int, codes: tuple[int, ...] = ()) -> SongItem:
    return SongItem.of(
        music_pb2.SongItem(
            index=index,
            seed=seed,
            audio_id="ab" * 32,
            format="AUDIO_FORMAT_MP3",
            sha256="ab" * 32,
            samples=48_000,
            sample_rate=48_000,
            peak=0.7,
            timesteps=(1.0, 0.5),
            codes=codes,
            code_seed=9 + index,
        )
    )


RECORD = Record(
    job_id="job-1",
    song=SongSpec("rain ü", "[Verse]\nla", duration=1.0, items=2, seeds=(5, 6), format=AudioFormat.MP3, title="rain"),
    items=(item(0, 5), item(1, 6)),
    timings=(StageTiming("sample", 0, 0.1, 0.5, 0.1, 0.4),),
    total=1.5,
    models={"dit": DIT},
    warnings=("steps were ignored",),
    plan=SongPlan(Blueprint("rain", bpm=92), ""),
)
PLANNED = dataclasses.replace(
    RECORD, items=(item(0, 5, (1, 2)), item(1, 6, (3, 4))), models={"dit": DIT, "planner": LM}
)


LINE = LyricLine("la", 0.5, 0.75, 0.5, (LyricWord("la", 0.5, 0.75, 0.5),))
FOUND = dataclasses.replace(
    item(0, 5), scores={"dit_score": 0.5}, lyric_lines=(LINE,), lyric_scores=LyricScores(1.0, 1.0, 0.5, 0.5)
)
CHECKED = dataclasses.replace(RECORD, items=(FOUND, item(1, 6)))


@pytest.mark.parametrize("record", [RECORD, PLANNED, CHECKED])
def test_a_record_reads_back(tmp_path: Path, record: Record) -> None:
    path = save_record(record, tmp_path / "deep" / "rain.json")
    assert load_record(path) == record
    written = json.loads(path.read_text("utf-8"))
    assert written["schema_version"] == 1
    assert written["song"]["seeds"] == [5, 6]
    assert written["items"][1]["sha256"] == "ab" * 32


@pytest.mark.parametrize("version", [0, 2, "1", None])
def test_another_version_is_refused(tmp_path: Path, version: object) -> None:
    path = tmp_path / "rain.json"
    path.write_text(json.dumps(json.loads(RECORD.to_json()) | {"schema_version": version}))
    with pytest.raises(InvalidRequestError, match=r"record.schema_version: is .*, must be 1"):
        load_record(path)


def test_a_changed_record_is_refused_by_field(tmp_path: Path) -> None:
    document = json.loads(RECORD.to_json())
    document["song"]["loudness"] = 3
    document["items"][0]["seed"] = "five"
    path = tmp_path / "rain.json"
    path.write_text(json.dumps(document))
    with pytest.raises(InvalidRequestError, match=r"record\.song\.loudness: is not known"):
        load_record(path)
    del document["song"]["loudness"]
    path.write_text(json.dumps(document))
    with pytest.raises(InvalidRequestError, match=r"record\.items\[0\]\.seed: must be a whole number"):
        load_record(path)


def test_a_record_from_before_items_had_scores_reads_back() -> None:
    written = json.loads(RECORD.to_json())
    for field in ("scores", "lyric_lines", "lyric_scores"):
        del written["items"][0][field]
    for field in ("score", "time_lyrics"):
        del written["song"][field]
    assert read_record(json.dumps(written)) == RECORD


def test_lyrics_in_time_are_those_of_the_item() -> None:
    assert FOUND.lyrics_timing == LyricsTiming((LINE,), LyricScores(1.0, 1.0, 0.5, 0.5), ())
    assert RECORD.items[0].lyrics_timing is None


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "rain.json"
    path.write_bytes(b"fLaC\xff\xfe\x00" * 10)
    with pytest.raises(InvalidRequestError, match="is no JSON"):
        load_record(path)


def test_equal_models_leave_no_difference() -> None:
    other = dataclasses.replace(DIT, id="base")
    assert differences(PLANNED, {"dit": (other, DIT), "planner": (LM,), "vae": ()}) == ()


@pytest.mark.parametrize(
    ("there", "complaint"),
    [
        ((dataclasses.replace(DIT, revision="b2"),), "there is turbo b2 in float32 on cpu"),
        ((dataclasses.replace(DIT, device="cuda:0"),), "there is turbo a1 in float32 on cuda:0"),
        ((), "there is none"),
    ],
)
def test_other_models_are_named(there: tuple[Model, ...], complaint: str) -> None:
    (line,) = differences(RECORD, {"dit": there})
    assert line == f"dit: the record names turbo a1 in float32 on cpu, {complaint}"


def test_what_was_made_without_a_planner_asks_none() -> None:
    """Also where one is deployed by now."""
    assert RECORD.spec_of() == dataclasses.replace(RECORD.song, thinking=Thinking.none())
    assert RECORD.spec_of(1) == dataclasses.replace(RECORD.song, thinking=Thinking.none(), items=1, seeds=(6,))
    assert PLANNED.spec_of() == PLANNED.song
    assert PLANNED.spec_of(1).thinking == Thinking(code_seeds=(10,))
    with pytest.raises(IndexError):
        RECORD.spec_of(2)
