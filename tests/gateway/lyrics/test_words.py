"""What of lyrics is sung."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.lyrics.words import in_tags, sung_lines

LYRICS = """[Verse 1 - soft]
Rain on  the window (ooh),

la [whispered] la
...
[Chorus]
it's 1999 — again
"""


def test_lines_are_sung_without_their_tags() -> None:
    lines = sung_lines(LYRICS)
    assert [line.text for line in lines] == ["Rain on the window (ooh),", "la la", "it's 1999 — again"]
    assert [word.text for word in lines[0].words] == ["Rain", "on", "the", "window", "(ooh),"]
    assert [word.text for word in lines[2].words] == ["it's", "1999", "again"]


@pytest.mark.parametrize("lyrics", ["", " \n", "[Instrumental]", "[Intro]\n\n[Outro]", "...\n♪ ♪"])
def test_where_nobody_sings(lyrics: str) -> None:
    assert sung_lines(lyrics) == ()


def test_scripts_without_spaces_have_a_word_for_each_character() -> None:
    (line,) = sung_lines("[サビ]\n「雨が、ふる」 oh 私")
    assert line.text == "「雨が、ふる」 oh 私"
    assert [word.text for word in line.words] == ["雨", "が、", "ふ", "る」", "oh", "私"]


def test_a_bracket_that_nobody_closes_is_sung() -> None:
    assert [line.text for line in sung_lines("[Verse\nla]")] == ["[Verse", "la]"]


@given(st.text(alphabet="ab [].\n\r雨é🎹", max_size=60))
def test_words_are_where_they_say(lyrics: str) -> None:
    end = 0
    for line in sung_lines(lyrics):
        rest = line.text
        for word in line.words:
            assert lyrics[word.start : word.end] == word.text
            assert word.start >= end
            end = word.end
            assert word.text in rest
            rest = rest[rest.index(word.text) + len(word.text) :]


def test_tokens_of_tags_are_those_between_brackets() -> None:
    lyrics = "[Verse] la la[x]la"
    pieces = ["[", "Ver", "se", "] la", " la", "[x]", "la"]
    ends = [len("".join(pieces[: number + 1])) for number in range(len(pieces))]
    spans = list(zip([0, *ends], ends, strict=False))
    assert in_tags(lyrics, spans) == [True, True, True, True, False, True, False]
