"""Prompts byte for byte (spec/model.md §4.1)."""

from __future__ import annotations

import pytest

from services.encoder.prompt import Prompt

WALTZ = Prompt(
    caption="a slow waltz",
    lyrics="[Verse]\nround and round",
    bpm=92,
    key_scale="A minor",
    time_signature="3",
    vocal_language="en",
    duration_seconds=61.9,
)


def test_everything_given() -> None:
    assert WALTZ.caption_text() == (
        "# Instruction\nFill the audio semantic mask based on the given conditions:\n\n"
        "# Caption\na slow waltz\n\n"
        "# Metas\n- bpm: 92\n- timesignature: 3\n- keyscale: A minor\n- duration: 61 seconds\n<|endoftext|>\n"
    )
    assert WALTZ.lyric_text() == "# Languages\nen\n\n# Lyric\n[Verse]\nround and round<|endoftext|>"


def test_nothing_given() -> None:
    prompt = Prompt(caption="", lyrics="", bpm=0, key_scale="  ", vocal_language=" ")
    assert prompt.caption_text().endswith(
        "# Metas\n- bpm: N/A\n- timesignature: N/A\n- keyscale: N/A\n- duration: 30 seconds\n<|endoftext|>\n"
    )
    assert prompt.lyric_text() == "# Languages\nunknown\n\n# Lyric\n<|endoftext|>"


@pytest.mark.parametrize(
    ("instruction", "written"),
    [("Repaint the mask", "Repaint the mask:"), ("Repaint the mask:", "Repaint the mask:")],
)
def test_an_instruction_ends_with_one_colon(instruction: str, written: str) -> None:
    assert f"# Instruction\n{written}\n\n" in Prompt("x", "", instruction=instruction).caption_text()


def test_a_caption_that_is_a_whole_prompt_gives_up_the_caption_within() -> None:
    assert f"# Caption\n{WALTZ.caption}\n\n# Metas" in Prompt(WALTZ.caption_text(), "").caption_text()
    assert Prompt("# Caption\nonly", "").caption_text().count("# Caption") == 2


def test_characters_of_the_lyric_text_are_found_in_the_lyrics() -> None:
    header = len("# Languages\nen\n\n# Lyric\n")
    assert WALTZ.in_lyrics(header + 8, header + 13) == (8, 13)
    assert WALTZ.lyrics[8:13] == "round"
    assert WALTZ.in_lyrics(0, 11) == (0, 0)
    assert WALTZ.in_lyrics(header - 1, header + 1) == (0, 1)
    end = len(WALTZ.lyrics)
    assert WALTZ.in_lyrics(header + end, header + end + 13) == (end, end)
