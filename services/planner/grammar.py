"""The grammar of what the planner writes, in llguidance's dialect of Lark (spec/planner.md §3).

A value that is known already stands in it as a literal: the engine prefills such forced runs instead of decoding them.
The caption is a YAML scalar, plain or in single quotes, that may fold over indented lines; both kinds are cut down to
what every YAML reader takes, so that a block which the grammar let through always parses.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from services.planner.thought import MIN_SECONDS, Thought
from services.planner.tokenization import PlannerTokenizer
from serving.planning import LANGUAGES, MAX_BPM, MIN_BPM, TIME_SIGNATURES


class Field(StrEnum):
    """Lines of the think block, in their order."""

    BPM = "bpm"
    CAPTION = "caption"
    DURATION = "duration"
    GENRES = "genres"
    KEYSCALE = "keyscale"
    LANGUAGE = "language"
    TIMESIGNATURE = "timesignature"


# Longest free values, in tokens (spec/planner.md §3.1).
FIELD_TOKENS: Mapping[str, int] = {Field.CAPTION: 512, Field.GENRES: 64}

# Names, closed values and line ends of a whole block, and what a value at its bound may still take to end.
_CLOSED_TOKENS = 128
# What values usually take (spec/planner.md §3.1); the names are not written, they are forced.
_USUAL_TOKENS: Mapping[str, int] = {Field.CAPTION: 128, Field.GENRES: 16}
_USUAL_CLOSED_TOKENS = 4

# Characters of YAML scalars. Left out everywhere: controls, line ends of any script, and what could be taken for a tag
# of the block or for code.
_NEVER = r"\x00-\x1f\x7f-\x{9f}\x{2028}\x{2029}\x{feff}\x{fffe}\x{ffff}`<"
_INNER = rf"[^{_NEVER} :]"
_WORD_START = rf"[^{_NEVER} :#]"
_SCALAR_START = rf"""[^{_NEVER} :#\-?,\[\]{{}}&*!|>'"%@]"""
_QUOTED_START, _QUOTED = rf"([^{_NEVER}' ]|'')", rf"([^{_NEVER}']|'')"
_REST_OF_WORD = rf"{_INNER}*(:+{_INNER}+)*"
_MORE_WORDS = rf"( {_WORD_START}{_REST_OF_WORD})*"

_RULES = rf"""
BPM: /{"|".join(map(str, range(MIN_BPM, MAX_BPM + 1)))}/
KEYSCALE: /[A-G](#|b|♯|♭)? (major|minor)/
LANGUAGE: /{"|".join(sorted(LANGUAGES))}/
TIMESIGNATURE: /{"|".join(TIME_SIGNATURES)}/
caption: PLAIN ("\n" "  " FOLDED)* | QUOTED_FOLDED
genres: PLAIN | QUOTED
PLAIN: /{_SCALAR_START}{_REST_OF_WORD}{_MORE_WORDS}/
FOLDED: /{_WORD_START}{_REST_OF_WORD}{_MORE_WORDS}/
QUOTED: /'{_QUOTED_START}{_QUOTED}*'/
QUOTED_FOLDED: /'{_QUOTED_START}({_QUOTED}|\n\n?  )*'/
"""
_NAMES = {Field.CAPTION: "caption", Field.GENRES: "genres"}


@dataclass(frozen=True)
class Grammar:
    """What a text may be: the lines of a think block and, with `lyrics`, free text behind it.

    `known` values are written as they are, free ones take at most `free_tokens`. Without lyrics the text ends after its
    last line, before the closing tag, unless that alone says that a caption does not go on.
    """

    lines: tuple[Field, ...]
    max_seconds: int
    known: Mapping[Field, str] = field(default_factory=dict)
    lyrics: bool = False
    free_tokens: Mapping[str, int] = field(default_factory=lambda: FIELD_TOKENS)
    min_seconds: int = MIN_SECONDS

    def lark(self, tokenizer: PlannerTokenizer) -> str:
        """The grammar in Lark."""
        block = " ".join(self._line(line) for line in self.lines)
        start = rf'start: <[{tokenizer.think_start}]> "\n" {block}'
        if self.closes:
            start += rf" <[{tokenizer.think_end}]>"
        if self.lyrics:
            start += " LYRICS"
        durations = "|".join(map(str, range(self.min_seconds, self.max_seconds + 1)))
        return f"{start}\n{_RULES}DURATION: /{durations}/\nLYRICS: /(.|\\n)*/\n"

    @property
    def most_tokens(self) -> int:
        """The longest think block."""
        return _CLOSED_TOKENS + sum(self.free_tokens.get(line, 0) for line in self.lines if line not in self.known)

    @property
    def usual_tokens(self) -> int:
        """What is usually written of it."""
        return sum(
            min(_USUAL_TOKENS.get(line, _USUAL_CLOSED_TOKENS), self.free_tokens.get(line, _USUAL_CLOSED_TOKENS))
            for line in self.lines
            if line not in self.known
        )

    def _line(self, line: Field) -> str:
        if line in self.known:
            return json.dumps(f"{line}: {self.known[line]}\n", ensure_ascii=False)
        return rf'"{line}: " {_NAMES.get(line, line.upper())} "\n"'

    @property
    def closes(self) -> bool:
        """Whether the closing tag is part of the text."""
        return self.lyrics or (self.lines[-1] is Field.CAPTION and Field.CAPTION not in self.known)

    def after(self, line: Field) -> str:
        """How the line behind one begins; empty behind the last."""
        following = self.lines[self.lines.index(line) + 1 :]
        return f"{following[0]}:" if following else ""


def known_lines(thought: Thought, lines: Sequence[Field]) -> dict[Field, str]:
    """The values of a thought as they stand in its YAML block, for the lines that it fills."""
    present = {line: getattr(thought, line.value) for line in lines}
    return {
        line: Thought(**{line.value: value}).to_yaml().partition(": ")[2]
        for line, value in present.items()
        if value not in (None, "")
    }
