"""Nothing is missing: no name of the official application, no field of the SDK, no test that a row names."""

from __future__ import annotations

import ast
import dataclasses
import inspect
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

import quartet
from quartet import Client, Region, SongSpec, Thinking, TokenSampling
from quartet.planning import Blueprint
from quartet.tasks import Task
from quartet.writing import Writing
from tests.checklist.official import OFFICIAL
from tests.checklist.rows import Answer, CallSetting, LeftOut, Setting, names_of
from tests.checklist.table import ALL_ROWS, ALL_SETTINGS, ANSWERS, CALLS, LEFT_OUT

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("section", OFFICIAL)
def test_every_official_name_has_a_row(section: str) -> None:
    found = {name for row in ALL_ROWS for where, name in names_of(row) if where == section}
    assert found == set(OFFICIAL[section])


def test_every_name_is_of_a_section() -> None:
    assert {section for row in ALL_ROWS for section, _ in names_of(row)} == set(OFFICIAL)


def test_a_name_is_not_left_out_and_there() -> None:
    left_out = {name for row in LEFT_OUT for name in names_of(row)}
    there = {name for row in ALL_ROWS if not isinstance(row, LeftOut) for name in names_of(row)}
    assert left_out & there == set()


def fields_of_a_song() -> Iterator[tuple[str, str]]:
    """The task and the path of everything that can be set."""
    for field in dataclasses.fields(SongSpec):
        if field.name not in ("task", "thinking"):
            yield "", field.name
    for task in get_args(Task):
        for field in dataclasses.fields(task):
            yield task.__name__, f"task.{field.name}"
    for field in dataclasses.fields(Thinking):
        if field.name != "sampling":
            yield "", f"thinking.{field.name}"
    for field in dataclasses.fields(TokenSampling):
        yield "", f"thinking.sampling.{field.name}"


def test_every_field_of_a_song_has_a_row() -> None:
    rows = {
        (type(row.start.spec.task).__name__ if row.field.startswith("task.") else "", row.field)
        for row in ALL_SETTINGS
        if row.field != "task"
    }
    assert rows == set(fields_of_a_song())
    assert {field.name for field in dataclasses.fields(Region)} == {"start", "end"}


def test_every_task_has_a_row() -> None:
    rows = {type(row.example) for row in ALL_SETTINGS if row.field == "task"}
    assert rows == set(get_args(Task))


@pytest.mark.parametrize("method", ["compose", "rewrite", "understand", "score", "lyrics_timing"])
def test_every_argument_of_a_call_has_a_row(method: str) -> None:
    given = set(inspect.signature(getattr(Client, method)).parameters) - {"self", "timeout", "options", "given"}
    if method in ("compose", "rewrite", "understand"):
        given |= {field.name for field in dataclasses.fields(Writing)} - {"sampling"}
        drawn = {f"sampling.{field.name}" for field in dataclasses.fields(TokenSampling)}
        given |= drawn if method == "compose" else {"sampling"}
    if method == "rewrite":
        given |= {f"given.{field.name}" for field in dataclasses.fields(Blueprint)}
    assert {row.field for row in CALLS if row.call.method == method} == given


@pytest.mark.parametrize("row", ANSWERS, ids=lambda row: row.path)
def test_an_answer_is_where_it_is_said_to_be(row: Answer) -> None:
    name, *path = row.path.split(".")
    kind: Any = getattr(quartet, name)
    for part in path:
        attribute = getattr(kind, part, None)
        kind = attribute if callable(attribute) else _dataclass_in(get_type_hints(kind)[part])
    assert kind is not None


def _dataclass_in(hint: Any) -> Any:
    """The dataclass that a field holds, or holds several of; the type itself where there is none."""
    inside = [part for part in (hint, *get_args(hint)) if dataclasses.is_dataclass(part)]
    return inside[0] if inside else hint


def shown_by() -> list[str]:
    rows: tuple[Setting | CallSetting, ...] = (*ALL_SETTINGS, *CALLS)
    nodes = {row.effect for row in rows if isinstance(row.effect, str)}
    return sorted(nodes | {row.shown_by for row in ANSWERS})


@pytest.mark.parametrize("node", shown_by())
def test_the_test_that_shows_an_effect_is_there(node: str) -> None:
    path, _, name = node.partition("::")
    assert name in _tests_of(path)


@cache
def _tests_of(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
