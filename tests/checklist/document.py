"""Writes docs/parameters.md from the checklist: `python -m tests.checklist.document`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path
from typing import Any

from tests.checklist.rows import Answer, CallSetting, LeftOut, Row, Setting, names_of
from tests.checklist.table import ANSWERS, CALLS, LEFT_OUT, SETTINGS

FILE = Path(__file__).parents[2] / "docs" / "parameters.md"

_HEAD = """# Every parameter

What stands for each parameter of the official application (its names come first, as of June 2026), and what is left
out and why. The tables are written by `make parameters` from [tests/checklist](../tests/checklist), whose tests set
every row through SDK and command line, try its borders, and look for its effect.

- The SDK's classes are those of `quartet`; the [contract](../protos/quartet/v1/music.proto) has the same fields. Flags
  without a verb are those of `quartet song`; all but the planner's are those of `quartet cover` and its like too.
- A default is what you get where you leave the value out; what is *open* is found by the planner. What is out of its
  range is refused with the field's name, never clamped.
"""
_SETTINGS = ("official", "SDK", "command line", "official default", "default", "range", "")


def document() -> str:
    """The whole file."""
    parts = [_HEAD]
    for title, rows in SETTINGS.items():
        parts.append(_table(title, _SETTINGS, (_setting(row) for row in rows)))
    parts.append(_table("Calls beside the songs", _SETTINGS, (_call(row) for row in CALLS)))
    parts.append(_table("What comes back", ("official", "SDK", ""), (_answer(row) for row in ANSWERS)))
    parts.append(_table("Left out", ("official", "why"), (_left_out(row) for row in LEFT_OUT)))
    return "\n".join(parts)


def _table(title: str, head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [f"## {title}\n", *map(_line, (head, ("---",) * len(head), *rows))]
    return "\n".join(lines) + "\n"


def _line(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _setting(row: Setting) -> tuple[str, ...]:
    task = type(row.example if row.field == "task" else row.start.spec.task).__name__
    owner, _, rest = row.field.partition(".")
    match owner:
        case "task":
            path = f"{task}.{rest}" if rest else task
        case "thinking":
            path = f"Thinking.{rest}"
        case _:
            path = f"SongSpec.{row.field}"
    verb = (*row.start.words, *row.flags)[0]
    return _row(row, path, "" if owner != "task" or verb == "song" else verb)


def _call(row: CallSetting) -> tuple[str, ...]:
    return _row(row, f"Client.{row.call.method}({row.field}=…)", row.call.words[0])


def _row(row: Setting | CallSetting, path: str, verb: str) -> tuple[str, ...]:
    default = row.served or _shown(row.default)
    return (_names(row), _code(path), _code(_words(row, verb)), row.official, default, row.range.text, row.note)


def _words(row: Setting | CallSetting, verb: str) -> str:
    """What to write on the command line."""
    flags = dict.fromkeys(word for word in row.flags if word.startswith("--"))
    return " ".join(dict.fromkeys(part for part in (verb, row.argument or " ".join(flags)) if part))


def _answer(row: Answer) -> tuple[str, ...]:
    return _names(row), _code(row.path), row.note


def _left_out(row: LeftOut) -> tuple[str, ...]:
    return _names(row), row.reason


def _names(row: Row) -> str:
    named: dict[str, str] = {}
    for _, name in names_of(row):
        named.setdefault(name.lower().replace(" ", "_"), name)
    return ", ".join(map(_official_name, named.values())) or "–"


def _official_name(name: str) -> str:
    """Identifiers as code, features as they are."""
    return name if " " in name or "/" in name or name[0].isupper() else _code(name)


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _shown(value: Any) -> str:
    """A default as people write it."""
    known: Iterator[tuple[Any, str]] = iter(((None, "–"), ("", "empty"), ((), "none"), (False, "off"), (True, "on")))
    for special, text in known:
        if value is special or (value == special and type(value) is type(special)):
            return text
    if isinstance(value, Enum):
        return str(value.value)
    return f"{value:g}" if isinstance(value, float | int) else f"`{type(value).__name__}`"


if __name__ == "__main__":
    FILE.write_text(document(), "utf-8")
