"""What a row of the checklist says."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any

from quartet import SongSpec, Thinking, TokenSampling

# The id that stands for a recording in rows; tests put that of a real one in its place.
SOURCE = "ab" * 32
# What stands for the file of a record in command lines.
RECORD = "RECORD.json"
# The record of a song that was given the codes of CODES.txt to follow.
CODED_RECORD = "CODED.json"
# The record of a song that followed its plan for half of its steps.
HALF_CODED_RECORD = "HALF_CODED.json"


class Effect(Enum):
    """What differs between a song with the example of a row and the song without it."""

    AUDIO = "the samples"
    FILE = "the file"
    PLAN = "the plan or the audio codes"
    RECORD = "the items of the record"


@dataclass(frozen=True)
class Start:
    """A song that the example of a row is set in, and the words that ask for it on the command line."""

    spec: SongSpec
    words: tuple[str, ...]


SONG = Start(SongSpec("piano"), ("song", "piano"))


@dataclass(frozen=True)
class Range:
    """What may be said: in words, as values at the borders, and as values just beyond them."""

    text: str
    taken: tuple[Any, ...] = ()
    refused: tuple[Any, ...] = ()


def between(low: float, high: float, beyond: float = 0.01) -> Range:
    """Numbers from one to another."""
    return Range(f"{low:g} to {high:g}", (low, high), (low - beyond, high + beyond, math.nan))


def one_of(kind: type[StrEnum], stranger: str) -> Range:
    """The names of a choice, and a name that is none."""
    return Range(", ".join(choice.value for choice in kind), (None, *kind), (stranger,))


def characters(most: int) -> Range:
    """Texts up to a length."""
    return Range(f"at most {most:,} characters", ("a" * most,), ("a" * (most + 1),))


SWITCH = Range("on, off", (False, True), ("yes",))
WISH = Range("on, off, open", (None, False, True), ("yes",))


@dataclass(frozen=True, kw_only=True)
class _Settable:
    """What can be said, in the SDK and on the command line.

    Attributes:
        field: Where it goes: a path in `SongSpec`, or in the arguments of a call.
        names: What the official application calls it, by section of the feature catalogue: "2.1: a, b; 5: a".
        flags: The example on the command line.
        official: The official default, as the catalogue writes it.
        default: The value of the field where nobody sets it; None also where it must be set.
        served: What the servers make of that default, where it is not the value itself.
        open_is: That as a value, on a base model with a planner; None where a test of its own shows it.
        range: What may be said.
        error: Beginning of the field that the gateway names where a value is refused.
        effect: What differs with the example, or the node id of the test that shows its effect.
        argument: What to write on the command line where it is no flag.
        note: What else there is to know, first of all why something differs.
    """

    field: str
    names: str = ""
    flags: tuple[str, ...]
    official: str = ""
    default: Any = None
    served: str = ""
    open_is: Any = None
    range: Range
    example: Any
    error: str = ""
    effect: Effect | str
    argument: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Setting(_Settable):
    """A field of `SongSpec`, of its task or of its `thinking`; `start` is the song that its example is set in."""

    start: Start = SONG

    @property
    def id(self) -> str:
        """The row in the output of tests."""
        return f"{type(self.start.spec.task).__name__}-{self.field}-{self.flags[0] if self.flags else ''}"

    @property
    def changed(self) -> SongSpec:
        """The song with the example."""
        return self.with_value(self.example)

    def with_value(self, value: Any) -> SongSpec:
        """The song with a value."""
        changed: SongSpec = replaced(self.start.spec, self.field, value)
        return changed


@dataclass(frozen=True)
class Call:
    """A call of the client beside the jobs, and the words that ask for the same on the command line."""

    method: str
    arguments: Mapping[str, Any]
    words: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class CallSetting(_Settable):
    """An argument of a call."""

    call: Call

    @property
    def id(self) -> str:
        """The row in the output of tests."""
        return f"{self.call.method}-{self.field}-{self.flags[0] if self.flags else ''}"

    def arguments(self, value: Any) -> dict[str, Any]:
        """The arguments of the call with a value."""
        head, _, rest = self.field.partition(".")
        before = self.call.arguments.get(head, TokenSampling())
        return {**self.call.arguments, head: replaced(before, rest, value) if rest else value}


@dataclass(frozen=True)
class Answer:
    """What the official application answers, and where Quartet's answers say it.

    Attributes:
        names: As in settings.
        path: A class of the SDK and the way to the value from there, such as "Record.items.seed".
        shown_by: Node id of the test that looks at it.
        note: What else there is to know.
    """

    names: str
    path: str
    shown_by: str
    note: str = ""


@dataclass(frozen=True)
class LeftOut:
    """Names that have no counterpart, on purpose."""

    names: str
    reason: str


Row = Setting | CallSetting | Answer | LeftOut


def names_of(row: Row) -> tuple[tuple[str, str], ...]:
    """The section and the name of all that a row stands for."""
    parts = [part.partition(": ") for part in row.names.split("; ") if part]
    return tuple((section, name) for section, _, names in parts for name in names.split(", "))


def replaced(value: Any, path: str, part: Any) -> Any:
    """A dataclass with another part at a path."""
    head, _, rest = path.partition(".")
    return dataclasses.replace(value, **{head: replaced(getattr(value, head), rest, part) if rest else part})


UNPLANNED = Thinking.none()
