"""What of the lyrics is sung: lines and words without structure tags, by where they stand in the text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

Span = tuple[int, int]

_TAG = re.compile(r"\[[^\[\]\r\n]*\]")
_LINE = re.compile(r"[^\r\n]+")
# Kana and Han, which are written without spaces: each character is a word of its own.
_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(rf"[{_UNSPACED}][^\w\s]*|[^\s{_UNSPACED}]+")


@dataclass(frozen=True)
class SungWord:
    """A word and the characters [start, end) of the lyrics that it is."""

    text: str
    start: int
    end: int


@dataclass(frozen=True)
class SungLine:
    """A line of the lyrics without tags, and its words: their texts follow one another in that of the line."""

    text: str
    words: tuple[SungWord, ...]


def sung_lines(lyrics: str) -> tuple[SungLine, ...]:
    """The lines that have words: these have a letter or a digit. What a line has in square brackets is a tag."""
    untagged = _TAG.sub(lambda tag: " " * len(tag[0]), lyrics)
    lines = []
    for line in _LINE.finditer(untagged):
        found = [SungWord(word[0], *word.span()) for word in _WORD.finditer(untagged, *line.span())]
        words = tuple(word for word in found if any(letter.isalnum() for letter in word.text))
        if words:
            lines.append(SungLine(" ".join(line[0].split()), words))
    return tuple(lines)


def in_tags(lyrics: str, spans: Sequence[Span]) -> list[bool]:
    """Which tokens, by their characters, belong to tags: those from an opening bracket to the closing one."""
    tagged, inside = [], False
    for start, end in spans:
        text = lyrics[start:end]
        inside = inside or "[" in text
        tagged.append(inside)
        inside = inside and "]" not in text
    return tagged
