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
        (("--no-plan",), (False, False, False, False)),
        (("--no-plan", "--think"), (True, False, False, False)),
    ],
)
def test_what_the_planner_is_asked_for(flags: tuple[str, ...], wishes: tuple[bool | None, ...]) -> None:
    wish = thinking(*flags)
    assert (wish.think, wish.write_metadata, wish.rewrite_caption, wish.detect_language) == wishes
