"""What the flags of `quartet song` wish for."""

from __future__ import annotations

import pytest

from quartet.cli import song
from quartet.planning import Thinking


def thinking(*flags: str) -> Thinking:
    context = song.song.make_context("song", ["piano", *flags])
    return song._spec(context.params).thinking


@pytest.mark.parametrize(
    ("flags", "wishes"),
    [
        ((), (None, None, None, None)),
        (("--think",), (True, None, None, None)),
        (("--keep-caption",), (None, None, False, None)),
        (("--keep-metadata",), (None, False, None, None)),
        (("--keep-language",), (None, None, None, False)),
        (("--keep-language", "--keep-caption", "--keep-metadata"), (None, False, False, False)),
        (("--no-plan",), (False, False, False, False)),
        (("--no-plan", "--think"), (True, False, False, False)),
    ],
)
def test_what_the_planner_is_asked_for(flags: tuple[str, ...], wishes: tuple[bool | None, ...]) -> None:
    wish = thinking(*flags)
    assert (wish.think, wish.write_metadata, wish.rewrite_caption, wish.detect_language) == wishes


@pytest.mark.parametrize(("flags", "seed"), [((), None), (("--lm-seed", "-1"), None), (("--lm-seed", "0"), 0)])
def test_the_seed_of_the_plan_may_be_open(flags: tuple[str, ...], seed: int | None) -> None:
    message = thinking(*flags).to_message()
    assert (message.seed if message.HasField("seed") else None) == seed
