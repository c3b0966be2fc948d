"""Every value of the SDK that is written as JSON reads back as it was; what does not fit is named."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from quartet.documents import read_as, read_json, to_json
from quartet.errors import InvalidRequestError
from quartet.events import Capacity, Job, JobPage, JobState, Model, Replica
from quartet.songs import AudioFormat, SongSpec
from tests.quartet.test_songs import SPECS


@dataclass(frozen=True)
class Inner:
    words: tuple[str, ...]
    pair: tuple[int, float] | None = None


@dataclass(frozen=True)
class Cut:
    source: Path | str
    strength: float | None = None


@dataclass(frozen=True)
class Blend:
    source: Path | str
    strength: float | None = None


@dataclass(frozen=True)
class Outer:
    inner: Inner
    path: Path | None
    task: Cut | Blend | None
    when: datetime
    by_name: dict[str, Inner]
    kind: AudioFormat | str
    flag: bool = False


OUTER = Outer(
    inner=Inner(("a", "ü"), (1, 2.5)),
    path=None,
    task=Blend("id", 0.5),
    when=datetime(2026, 1, 2, tzinfo=UTC),
    by_name={"k": Inner(())},
    kind=AudioFormat.MP3,
)


@given(SPECS)
def test_songs_read_back(spec: SongSpec) -> None:
    assert read_as(SongSpec, read_json(to_json(spec), "song"), "song") == spec


def test_all_kinds_of_fields_read_back() -> None:
    read = read_as(Outer, read_json(to_json(OUTER), "x"), "x")
    assert read == OUTER
    assert isinstance(read.kind, AudioFormat)


def test_one_of_several_dataclasses_says_which_it_is() -> None:
    """Also of those with the same fields."""
    for task in (Cut("id"), Blend("id"), None):
        outer = dataclasses.replace(OUTER, task=task)
        assert read_as(Outer, read_json(to_json(outer), "x"), "x") == outer


def test_paths_are_written_as_text_and_stay_text() -> None:
    outer = dataclasses.replace(OUTER, task=Cut(Path("x/y")))
    read = read_as(Outer, read_json(to_json(outer), "x"), "x")
    assert read.task == Cut("x/y")


def test_more_fields_come_first() -> None:
    assert list(json.loads(to_json(OUTER, version=3)))[:2] == ["version", "inner"]


def test_a_whole_number_is_a_number_and_what_is_missing_takes_its_default() -> None:
    assert read_as(Inner, {"words": [], "pair": [1, 2]}, "x") == Inner((), (1, 2.0))
    assert read_as(Inner, {"words": []}, "x") == Inner(())


@pytest.mark.parametrize(
    ("path", "value", "field", "complaint"),
    [
        (("inner",), [], "x.inner", "must be an object"),
        (("inner",), {}, "x.inner.words", "is missing"),
        (("inner", "words"), "la", "x.inner.words", "must be a list"),
        (("inner", "words"), ["la", 3], "x.inner.words[1]", "must be a text"),
        (("inner", "pair"), [1], "x.inner.pair", "has 1 entries, must have 2"),
        (("inner", "pair"), [True, 1.0], "x.inner.pair[0]", "must be a whole number"),
        (("inner", "pair"), [1, "2"], "x.inner.pair[1]", "must be a number"),
        (("inner", "tempo"), 92, "x.inner.tempo", "is not known"),
        (("by_name",), {"k": None}, "x.by_name.k", "must be an object"),
        (("when",), "yesterday", "x.when", "Invalid isoformat"),
        (("flag",), "yes", "x.flag", "must be true or false"),
        (("kind",), 3, "x.kind", "must be a text"),
        (("path",), "x/y", "x.path", "must be a path, which no document holds"),
        (("task", "type"), "Song", "x.task.type", "is 'Song', must be one of Cut, Blend"),
        (("task",), {"source": "id"}, "x.task.type", "is None"),
        (("task", "strength"), "low", "x.task.strength", "must be a number"),
    ],
)
def test_what_does_not_fit_is_named(path: tuple[str, ...], value: Any, field: str, complaint: str) -> None:
    document = json.loads(to_json(OUTER))
    entry = document
    for key in path[:-1]:
        entry = entry[key]
    entry[path[-1]] = value
    with pytest.raises(InvalidRequestError) as refused:
        read_as(Outer, document, "x")
    assert [violation.field for violation in refused.value.violations] == [field]
    assert complaint in refused.value.message


def test_all_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(InvalidRequestError) as refused:
        read_as(Outer, {"flag": True}, "x")
    required = [field.name for field in dataclasses.fields(Outer)][:-1]
    assert [violation.field for violation in refused.value.violations] == [f"x.{name}" for name in required]


@pytest.mark.parametrize("text", ["", "{", "[1]", "3", "\ufffd", "[" * 100_000])
def test_what_is_no_json_object(text: str) -> None:
    with pytest.raises(InvalidRequestError, match=r"record: is no JSON"):
        read_json(text, "record")


def test_what_the_gateway_answers_is_written() -> None:
    """Dates, nested lists and dictionaries of values that are never read back."""
    job = Job("job-1", JobState.RUNNING, SongSpec("piano"), OUTER.when, None, None, "sample", None, None, "")
    written = json.loads(to_json(JobPage((job,), "next")))
    assert written["jobs"][0]["created_at"] == "2026-01-02T00:00:00+00:00"
    assert written["jobs"][0]["song"]["caption"] == "piano"
    replica = Replica("dit", "here:1", True, "", (Model("turbo", "a1", "float32", "cpu"),), 0, 1, 0.5, 9)
    written = json.loads(to_json(Capacity((replica,), 2, 3)))
    assert written["replicas"][0]["models"][0]["revision"] == "a1"
    assert written["queued_jobs"] == 2
