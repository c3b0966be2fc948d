"""The think block: metadata as YAML, written as PyYAML writes it (spec/planner.md §2.3, §3.1, §5)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import yaml

from quartet.errors import InternalError
from serving.planning import LANGUAGES, MAX_BPM, MIN_BPM, TIME_SIGNATURES

_KEY = re.compile(r"[A-G](#|b|♯|♭)? (major|minor)")

MIN_SECONDS = 10


class ThoughtError(ValueError):
    """Text that is no think block."""


@dataclass(frozen=True)
class Thought:
    """Metadata in the planner's own words; None and empty values are absent. `duration` is in whole seconds."""

    bpm: int | None = None
    caption: str = ""
    duration: int | None = None
    genres: str = ""
    keyscale: str = ""
    language: str = ""
    timesignature: str = ""

    def to_yaml(self, *, without: tuple[str, ...] = ()) -> str:
        """The block's text without its tags and without a line end; empty where nothing is set."""
        present = {field.name: getattr(self, field.name) for field in fields(self) if field.name not in without}
        values = {name: _plain(value) for name, value in present.items() if value not in (None, "")}
        if not values:
            return ""
        return str(yaml.safe_dump(values, allow_unicode=True, sort_keys=True)).strip()

    def overridden_by(self, given: Thought) -> Thought:
        """With the values that are set in another one."""
        return replace(self, **{name: value for name, value in vars(given).items() if value not in (None, "")})

    @classmethod
    def parse(cls, text: str, *, max_seconds: int) -> Thought:
        """Reads the text of a block. Raises ThoughtError that says what is wrong with it."""
        try:
            values = yaml.load(text, Loader=yaml.BaseLoader) if text.strip() else {}  # noqa: S506 (it builds only strings)
        except yaml.YAMLError as error:
            raise ThoughtError(f"is not YAML: {' '.join(str(error).split())}") from None
        except RecursionError:
            raise ThoughtError("is nested too deeply") from None
        if not isinstance(values, Mapping):
            raise ThoughtError("is no YAML mapping")
        known = {field.name for field in fields(cls)}
        for name, value in values.items():
            if name not in known:
                raise ThoughtError(f"has the unknown key {name!r}")
            if not isinstance(value, str):
                raise ThoughtError(f"has a {name} that is not plain text")
        return cls(
            bpm=_number(values, "bpm", MIN_BPM, MAX_BPM),
            caption=values.get("caption", ""),
            duration=_number(values, "duration", 1, max_seconds),
            genres=values.get("genres", ""),
            keyscale=_one_of(values, "keyscale", _KEY.fullmatch),
            language=_one_of(values, "language", LANGUAGES.__contains__),
            timesignature=_one_of(values, "timesignature", TIME_SIGNATURES.__contains__),
        )


def parse_written(text: str, max_seconds: int) -> Thought:
    """Reads what a grammar let the model write. Raises InternalError: the grammar was to rule that out."""
    try:
        return Thought.parse(text, max_seconds=max_seconds)
    except ThoughtError as error:
        raise InternalError(f"the plan {error}", reason="PLAN_UNREADABLE") from None


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value


def _number(values: Mapping[str, str], name: str, least: int, most: int) -> int | None:
    if name not in values:
        return None
    text = values[name]
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and least <= int(text) <= most):
        raise ThoughtError(f"has the {name} {text!r}, must be a whole number within {least} and {most}")
    return int(text)


def _one_of(values: Mapping[str, str], name: str, fits: Any) -> str:
    text = values.get(name, "")
    if text and not fits(text):
        raise ThoughtError(f"has the {name} {text!r}, which is not one that the planner knows")
    return text
