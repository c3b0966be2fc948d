"""Dataclasses as JSON with their own names, and back.

Where a field may hold one of several dataclasses, its object says in "type" which one it is. Paths are written as text
and stay text: what a file of another machine says of paths leads nowhere.
"""

from __future__ import annotations

import dataclasses
import json
import types
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from quartet.errors import FieldViolation, InvalidRequestError

T = TypeVar("T")

TYPE = "type"
_WORDS = {
    dict: "an object",
    list: "a list",
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    Path: "a path, which no document holds",
}


def to_json(value: Any, **more: Any) -> str:
    """A dataclass as indented JSON, with more fields before its own; times are ISO 8601."""
    document = {**more, **_written(type(value), value)}
    return json.dumps(document, ensure_ascii=False, indent=2)


def read_json(text: str, name: str) -> dict[str, Any]:
    """The object that a text holds. Raises InvalidRequestError under a name."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _invalid(name, f"is no JSON: {error}") from None
    if not isinstance(document, dict):
        raise _invalid(name, "is no JSON object")
    return document


def read_as(kind: type[T], value: Any, name: str) -> T:
    """The value of a type from what JSON made of it. Raises InvalidRequestError that names the field.

    Fields that are missing take their defaults; those that the type does not have are refused, because what they said
    would be lost.
    """
    result: T = _read(kind, value, name)
    return result


def _written(kind: Any, value: Any) -> Any:
    kinds = _alternatives(kind)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        hints = get_type_hints(type(value))
        fields = {
            field.name: _written(hints[field.name], getattr(value, field.name)) for field in dataclasses.fields(value)
        }
        return {TYPE: type(value).__name__, **fields} if len(_dataclasses(kinds)) > 1 else fields
    if isinstance(value, tuple):
        entry_kinds = _entry_kinds(next(kind for kind in kinds if get_origin(kind) is tuple), len(value))
        return [_written(entry_kind, entry) for entry_kind, entry in zip(entry_kinds, value, strict=True)]
    if isinstance(value, dict):
        entry_kind = get_args(next(kind for kind in kinds if get_origin(kind) is dict))[1]
        return {key: _written(entry_kind, entry) for key, entry in value.items()}
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Path) else value


def _read(kind: Any, value: Any, name: str) -> Any:
    kinds = _alternatives(kind)
    if len(kinds) > 1:
        return _read_one_of(kinds, value, name)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _read_dataclass(kind, value, name)
    if get_origin(kind) is tuple:
        entries = _checked(list, value, name)
        entry_kinds = _entry_kinds(kind, len(entries))
        if len(entry_kinds) != len(entries):
            raise _invalid(name, f"has {len(entries)} entries, must have {len(entry_kinds)}")
        return tuple(_read(each, entries[index], f"{name}[{index}]") for index, each in enumerate(entry_kinds))
    if get_origin(kind) is dict:
        entries = _checked(dict, value, name)
        return {key: _read(get_args(kind)[1], entry, f"{name}.{key}") for key, entry in entries.items()}
    return _read_scalar(kind, value, name)


def _read_one_of(kinds: tuple[Any, ...], value: Any, name: str) -> Any:
    """As what it says that it is, else as the first type that it can be; the complaint is that of the last one."""
    if value is None and types.NoneType in kinds:
        return None
    named = {kind.__name__: kind for kind in _dataclasses(kinds)}
    if len(named) > 1 and isinstance(value, dict):
        chosen = value.get(TYPE)
        if chosen not in named:
            raise _invalid(f"{name}.{TYPE}", f"is {chosen!r}, must be one of {', '.join(named)}")
        return _read(named[chosen], {key: entry for key, entry in value.items() if key != TYPE}, name)
    *others, last = (kind for kind in kinds if kind is not types.NoneType)
    for kind in others:
        with suppress(InvalidRequestError):
            return _read(kind, value, name)
    return _read(last, value, name)


def _read_dataclass(kind: type[Any], value: Any, name: str) -> Any:
    entries: Mapping[str, Any] = _checked(dict, value, name)
    hints = get_type_hints(kind)
    fields = {field.name: field for field in dataclasses.fields(kind)}
    violations = [
        FieldViolation(f"{name}.{key}", "is not known; it may come from a newer version: update Quartet")
        for key in entries
        if key not in fields
    ]
    violations += [
        FieldViolation(f"{name}.{key}", "is missing")
        for key, field in fields.items()
        if key not in entries and field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    ]
    if violations:
        raise InvalidRequestError.of(violations)
    return kind(**{key: _read(hints[key], entry, f"{name}.{key}") for key, entry in entries.items()})


def _read_scalar(kind: Any, value: Any, name: str) -> Any:
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if kind is datetime or issubclass(kind, StrEnum):
        text = _checked(str, value, name)
        try:
            return datetime.fromisoformat(text) if kind is datetime else kind(text)
        except ValueError as error:
            raise _invalid(name, str(error)) from None
    return _checked(kind, value, name)


def _checked(kind: type[Any], value: Any, name: str) -> Any:
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise _invalid(name, f"must be {_WORDS[kind]}")
    return value


def _alternatives(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)


def _dataclasses(kinds: tuple[Any, ...]) -> list[Any]:
    return [kind for kind in kinds if dataclasses.is_dataclass(kind)]


def _entry_kinds(kind: Any, length: int) -> tuple[Any, ...]:
    """Types of the entries of a tuple."""
    arguments = get_args(kind)
    return (arguments[0],) * length if arguments[-1] is Ellipsis else arguments


def _invalid(name: str, description: str) -> InvalidRequestError:
    return InvalidRequestError.of([FieldViolation(name, description)])
