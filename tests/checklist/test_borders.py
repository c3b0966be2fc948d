"""What is at a border is taken, what is beyond it is refused by its name: by the SDK or by the gateway."""

from __future__ import annotations

import dataclasses
from typing import Any, cast

import pytest

from gateway.requests import ModelOffer, check_song
from quartet import Blueprint, SongSpec
from quartet.errors import InvalidRequestError
from quartet.v1 import planner_pb2
from quartet.validation import Violations
from quartet.writing import (
    Writing,
    WritingOptions,
    compose_request,
    rewrite_request,
    score_request,
    understand_request,
)
from services.planner import validation
from services.planner.lengths import Lengths
from serving import planning
from tests.checklist.rows import CallSetting, Setting
from tests.checklist.table import ALL_SETTINGS, CALLS

SOURCE_SECONDS = 60.0
BASE = ModelOffer("base", 10, 600, knows_tracks=True, wavelet_correction=None)

TAKEN = [(row, value) for row in ALL_SETTINGS for value in row.range.taken]
TAKEN_CALLS = [(row, value) for row in CALLS for value in row.range.taken]
REFUSED = [(row, value) for row in ALL_SETTINGS for value in row.range.refused]


def shown(value: Any) -> str | None:
    """Values in the output of tests; rows have a name of their own."""
    return value.id if isinstance(value, Setting | CallSetting) else str(value)[:24]


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


def check_call(row: CallSetting, value: Any) -> None:
    """What the client and the planner check of a call; that it refuses is tried where there is a planner."""
    given = row.arguments(value)
    written = {field.name: given[field.name] for field in dataclasses.fields(Writing) if field.name in given}
    options = cast(WritingOptions, written)
    with Violations() as check:
        match row.call.method:
            case "compose":
                words = {"query": "", "instrumental": False, "vocal_language": "", **given}
                asked = {name: words[name] for name in ("query", "instrumental", "vocal_language")}
                composed, _ = compose_request(**asked, options=options)
                validation.check_text(composed.query, planning.MAX_CAPTION_CHARACTERS, check, "query")
                validation.language(composed.vocal_language, check, "vocal_language")
                planning.check_sampling(composed.sampling, check, "sampling")
            case "rewrite":
                rewritten, _ = rewrite_request(given["given"], options)
                validation.given_song(rewritten.given, check, lengths=Lengths(longest=600))
            case "understand":
                understood, _ = understand_request("", given["source"], options)
                validation.audio_codes(understood.codes, check, max_seconds=600, codebook_size=64_000)
            case "score":
                wish = {"scale": None, "skip_tags": False, "genres": "", "model": "", "item": 0, **given}
                scored = score_request(**wish)
                request = planner_pb2.PlannerServiceScoreRequest(
                    codes=[1], blueprint=Blueprint("rain").to_message(), genres=scored.genres
                )
                if scored.HasField("scale"):
                    request.scale = scored.scale
                validation.score_wish(request, check, max_seconds=600, codebook_size=64_000)


@pytest.mark.parametrize(("row", "value"), TAKEN_CALLS, ids=shown)
def test_a_border_of_a_call_is_taken(row: CallSetting, value: Any) -> None:
    check_call(row, value)
