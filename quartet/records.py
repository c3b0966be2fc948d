"""Records of songs as files: what was made, and how to make it again.

record = quartet.load_record("rain.json")
song = client.generate(record.spec_of(2))  # the third of several, alone
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from quartet.documents import read_as, read_json
from quartet.errors import FieldViolation, InvalidRequestError
from quartet.events import RECORD_VERSION, Model, Record


def save_record(record: Record, path: str | Path) -> Path:
    """Writes a record as JSON, for `load_record` and `quartet again`."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(record.to_json() + "\n", "utf-8")
    return path


def load_record(path: str | Path) -> Record:
    """Reads what `save_record` wrote. Raises InvalidRequestError that names the field, and OSError."""
    return read_record(Path(path).read_bytes().decode("utf-8", errors="replace"))


def read_record(text: str) -> Record:
    """The record that `Record.to_json` wrote. Raises InvalidRequestError that names the field."""
    document = read_json(text, "record")
    version = document.pop("schema_version", None)
    if version != RECORD_VERSION:
        description = f"is {version!r}, must be {RECORD_VERSION}; a newer record takes a newer Quartet"
        raise InvalidRequestError.of([FieldViolation("record.schema_version", description)])
    return read_as(Record, document, "record")


def differences(record: Record, models: Mapping[str, Collection[Model]]) -> tuple[str, ...]:
    """What of the weights that made a song is not among models by stage, such as `Capacity.models`: a line per stage.

    Where there is none, the same spec makes the same bytes.
    """
    found = []
    for stage, made_with in record.models.items():
        there = models.get(stage, ())
        if made_with not in there:
            names = ", ".join(str(model) for model in there) or "none"
            found.append(f"{stage}: the record names {made_with}, there is {names}")
    return tuple(found)
