"""What is at a border is taken, what is beyond it is refused by its name: by the SDK or by the gateway."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.requests import ModelOffer, check_song
from quartet import SongSpec
from quartet.errors import InvalidRequestError
from tests.checklist.rows import Setting
from tests.checklist.table import ALL_SETTINGS

SOURCE_SECONDS = 60.0
BASE = ModelOffer("base", 10, 600, knows_tracks=True, wavelet_correction=None)

TAKEN = [(row, value) for row in ALL_SETTINGS for value in row.range.taken]
REFUSED = [(row, value) for row in ALL_SETTINGS for value in row.range.refused]


def shown(value: Any) -> str | None:
    """Values in the output of tests; rows have a name of their own."""
    return value.id if isinstance(value, Setting) else str(value)[:24]


def check(spec: SongSpec) -> None:
    """What the client and the gateway check, where a planner is deployed and a source lasts a minute."""
    check_song(spec.to_message(), "", (BASE,), has_planner=True, source_seconds=_source_seconds(spec))


def _source_seconds(spec: SongSpec) -> float | None:
    return SOURCE_SECONDS if getattr(spec.task, "source", "") else None


@pytest.mark.parametrize(("row", "value"), TAKEN, ids=shown)
def test_a_border_is_taken(row: Setting, value: Any) -> None:
    check(row.with_value(value))


@pytest.mark.parametrize(("row", "value"), REFUSED, ids=shown)
def test_what_is_beyond_a_border_is_refused_by_its_name(row: Setting, value: Any) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        check(row.with_value(value))
    unsayable = f"song.{row.field.partition('.')[0]}"
    for violation in caught.value.violations:
        assert violation.field == unsayable or (row.error and violation.field.startswith(row.error))
