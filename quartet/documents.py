"""Dataclasses as JSON with their own names, and back."""

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

_KIND = "kind"
_WORDS = {
    dict: "an object",
    list: "a list",
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
}


def to_json(value: Any, **more: Any) -> str:
    """A dataclass as indented JSON, with more fields before its own; times are ISO 8601.

    Where a field may be of several dataclasses, `kind` names the one that it is.
    """
    document = {**more, **_document(value)}
    return json.dumps(document, default=_plain, ensure_ascii=False, indent=2)


def read_json(text: str, name: str) -> dict[str, Any]:
    """The object that a text holds. Raises InvalidRequestError under a name."""
    try:
        document = json.loads(text)
    except ValueError as error:
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


def _read(kind: Any, value: Any, name: str) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _read_one_of(arguments, value, name)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _read_dataclass(kind, value, name)
    if origin is tuple:
        return _read_tuple(arguments, value, name)
    if origin is dict:
        entries = _checked(dict, value, name)
        return {key: _read(arguments[1], entry, f"{name}.{key}") for key, entry in entries.items()}
    return _read_scalar(kind, value, name)


def _document(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_document(entry) for entry in value]
    if isinstance(value, dict):
        return {key: _document(entry) for key, entry in value.items()}
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    hints, entries = get_type_hints(type(value)), {}
    for field in dataclasses.fields(value):
        entry = getattr(value, field.name)
        kind = {_KIND: type(entry).__name__} if len(_dataclasses_of(hints[field.name])) > 1 else {}
        entries[field.name] = {**kind, **_document(entry)} if kind else _document(entry)
    return entries


def _dataclasses_of(kind: Any) -> dict[str, type[Any]]:
    """The dataclasses that a value of a type may be, by their names."""
    kinds = get_args(kind) if get_origin(kind) in (Union, types.UnionType) else ()
    return {each.__name__: each for each in kinds if isinstance(each, type) and dataclasses.is_dataclass(each)}


def _read_one_of(kinds: tuple[Any, ...], value: Any, name: str) -> Any:
    """As the one that it names or as the first of some types that it can be; the complaint is that of the last one."""
    if value is None and types.NoneType in kinds:
        return None
    if len(named := _dataclasses_of(Union[kinds])) > 1:  # noqa: UP007 (of a tuple)
        entries = _checked(dict, value, name)
        if entries.get(_KIND) not in named:
            raise _invalid(f"{name}.{_KIND}", f"is {entries.get(_KIND)!r}, must be one of {', '.join(named)}")
        rest = {key: entry for key, entry in entries.items() if key != _KIND}
        return _read(named[entries[_KIND]], rest, name)
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


def _read_tuple(kinds: tuple[Any, ...], value: Any, name: str) -> tuple[Any, ...]:
    entries = _checked(list, value, name)
    if kinds[-1] is Ellipsis:
        kinds = (kinds[0],) * len(entries)
    if len(entries) != len(kinds):
        raise _invalid(name, f"has {len(entries)} entries, must have {len(kinds)}")
    return tuple(_read(kinds[index], entry, f"{name}[{index}]") for index, entry in enumerate(entries))


def _read_scalar(kind: Any, value: Any, name: str) -> Any:
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if kind is datetime or kind is Path or issubclass(kind, StrEnum):
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


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} is no JSON")


def _invalid(name: str, description: str) -> InvalidRequestError:
    return InvalidRequestError.of([FieldViolation(name, description)])
