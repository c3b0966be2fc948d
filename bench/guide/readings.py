"""What was measured for a page of the guide, and the part of the page that quotes it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MEASURED, FAMILY = "measured", "family"


@dataclass(frozen=True)
class Reading:
    """A number of a table, in a unit that is shown behind it, or a word such as a key."""

    name: str
    value: float | str
    unit: str = ""
    digits: int = 1

    @property
    def text(self) -> str:
        """As pages show it."""
        if isinstance(self.value, str):
            return self.value
        rounded = round(self.value, self.digits) + 0.0  # no -0
        return f"{rounded:,.{self.digits}f} {self.unit}".strip()


@dataclass(frozen=True)
class Refusal:
    """Something that cannot be, and the server's answer."""

    asked: str
    answer: str


@dataclass(frozen=True)
class Page:
    """All that was measured for one page."""

    readings: tuple[Reading, ...]
    refusals: tuple[Refusal, ...] = ()

    def block(self) -> str:
        """The tables of the page."""
        rows = ["| measured | |", "|---|---|", *(f"| {reading.name} | {reading.text} |" for reading in self.readings)]
        if self.refusals:
            rows += ["", "| you ask for | the answer |", "|---|---|"]
            rows += [f"| {refusal.asked} | `{refusal.answer}` |" for refusal in self.refusals]
        return _quoted(MEASURED, *rows)


@dataclass(frozen=True)
class Measurements:
    """The pages by name, and what made their sound: a sentence on the family, and revisions by stage."""

    family: str
    models: Mapping[str, str]
    pages: Mapping[str, Page]

    def save(self, path: Path) -> None:
        """Writes the file that pages are compared with."""
        path.write_text(json.dumps(dataclasses.asdict(self), indent=1, ensure_ascii=False) + "\n", "utf-8")

    @classmethod
    def load(cls, path: Path) -> Measurements:
        """Reads what `save` wrote."""
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
        pages = {name: _page(page) for name, page in found["pages"].items()}
        return cls(found["family"], found["models"], pages)

    def provenance(self) -> str:
        """What made the sound, for the index."""
        models = (f"{stage}: {revision}" for stage, revision in sorted(self.models.items()))
        return _quoted(FAMILY, f"The sound is of {self.family} ({'; '.join(models)}).")

    def write_into(self, folder: Path) -> None:
        """Replaces what pages and index quote. Raises ValueError where one of them has no place for it."""
        _replace(folder / "README.md", FAMILY, self.provenance())
        for name, page in self.pages.items():
            _replace(folder / f"{name}.md", MEASURED, page.block())


def quotation(text: str, what: str = MEASURED) -> str:
    """The part of a page that was written from measurements. Raises ValueError where there is none."""
    begin, finish = _marks(what)
    start, end = text.find(begin), text.find(finish)
    if start < 0 or end < start:
        raise ValueError(f"the page has no {begin} … {finish}")
    return text[start : end + len(finish)]


def _replace(path: Path, what: str, new: str) -> None:
    text = path.read_text("utf-8")
    path.write_text(text.replace(quotation(text, what), new), "utf-8")


def _quoted(what: str, *lines: str) -> str:
    begin, finish = _marks(what)
    return "\n".join([begin, *lines, finish])


def _marks(what: str) -> tuple[str, str]:
    return f"<!-- {what} -->", f"<!-- {what}: end -->"


def _page(found: Mapping[str, Sequence[Mapping[str, Any]]]) -> Page:
    readings = tuple(Reading(**reading) for reading in found["readings"])
    return Page(readings, tuple(Refusal(**refusal) for refusal in found["refusals"]))
