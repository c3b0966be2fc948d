"""One text on its way: what the grammar allows next, what it forces, and when the text ends."""

from __future__ import annotations

import re
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from enum import Enum

import numpy as np
from llguidance import LLMatcher

from quartet.errors import InternalError
from services.planner.canonical import Bits
from services.planner.grammar import Field, Grammar
from services.planner.tokenization import PlannerTokenizer
from serving.planning import MAX_CAPTION_CHARACTERS, MAX_LYRIC_CHARACTERS

REPEATED_LINES = 8
# Below what a request may hold, by more than a few tokens: what the planner has written must be accepted again.
_FIELD_CHARACTERS = MAX_CAPTION_CHARACTERS - 512
_LYRIC_CHARACTERS = MAX_LYRIC_CHARACTERS - 256
_FIELD = re.compile(rb"([a-z]+):")


class Finish(Enum):
    """Why a text ended."""

    STOP = "stop"
    LENGTH = "length"
    REPETITION = "repetition"


@dataclass(frozen=True)
class Written:
    """A finished text: the lines of its think block without tags, and what came behind."""

    block: str
    lyrics: str
    finish: Finish
    # Fields whose value was ended at its bound.
    cut: tuple[str, ...] = ()


class Writer:
    """Follows a text token by token. The mask of the next token is computed on a thread while the network runs."""

    def __init__(self, tokenizer: PlannerTokenizer, grammar: Grammar, max_lyric_tokens: int, masks: Executor) -> None:
        self._tokenizer = tokenizer
        self._grammar = grammar
        self._max_lyric_tokens = max_lyric_tokens
        self._masks = masks
        self._matcher = LLMatcher(tokenizer.grammar, grammar.lark(tokenizer))
        self._bits = np.zeros(-(-tokenizer.first_code // 32), dtype=np.int32)
        self._mask: Future[None] | None = None
        self._block: list[int] = []
        self._lyrics: list[int] = []
        self._in_block = True
        self._line = b""
        self._line_tokens: list[int] = []
        self._field = ""
        self._field_tokens = self._field_characters = self._lyric_characters = 0
        self._cut: list[str] = []
        self._repeats = 0
        self._last_line = b""
        self.finish: Finish | None = None
        self.forced = self._follow_forced()

    @property
    def greedy(self) -> bool:
        """The language is the likeliest one, not a drawn one (spec/planner.md §3.3)."""
        return self._in_block and self._field == Field.LANGUAGE

    @property
    def tokens(self) -> list[int]:
        """What has been written, without control tokens."""
        return [*self._block, *self._lyrics]

    def start_mask(self) -> None:
        """Begins to compute what may come next."""
        self._mask = self._masks.submit(self._compute_mask)

    def mask(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """What may come next: [text tokens], true where allowed."""
        (self._mask or self._masks.submit(self._compute_mask)).result()
        self._mask = None
        allowed = np.unpackbits(self._bits.view(np.uint8), bitorder="little")[: self._tokenizer.first_code]
        return allowed.view(np.bool_)

    def accept(self, token: int) -> list[int]:
        """Takes a drawn token; returns what is to be fed to the network: the token and what it forces."""
        if not self._matcher.consume_token(token):
            raise InternalError(f"the grammar refuses a token that it allowed: {self._matcher.get_error()}")
        if token == self._tokenizer.turn_end:
            self.finish = Finish.STOP
            return []
        self._note(token)
        fed = [token, *self._follow_forced()]
        if self._field_is_full():
            fed += self._close_field()
        return fed

    def written(self) -> Written:
        """The finished text. Cut characters at its end are dropped."""
        block = self._tokenizer.decode(self._block).decode("utf-8", "ignore")
        lyrics = self._tokenizer.decode(self._lyrics).decode("utf-8", "ignore")
        if self.finish is Finish.REPETITION:
            lyrics = _without_repeats(lyrics)
        return Written(block.strip(), lyrics, self.finish or Finish.STOP, tuple(self._cut))

    def thought_so_far(self) -> bytes:
        """The block as it stands."""
        return self._tokenizer.decode(self._block)

    def _compute_mask(self) -> None:
        self._matcher.unsafe_compute_mask_ptr(self._bits.ctypes.data, self._bits.nbytes)
        if self._matcher.is_error():
            raise InternalError(f"the grammar fails: {self._matcher.get_error()}", reason="GRAMMAR_FAILED")
        if not self._in_block:
            return
        if self._field_is_full():  # a value at its bound that cannot end here takes one more piece behind which it can
            self._allow_only(self._tokenizer.letter_bits)
        if (canonical := self._tokenizer.closed_lines.get(tuple(self._line_tokens))) is not None:
            self._allow_only(canonical)

    def _follow_forced(self) -> list[int]:
        forced = self._matcher.compute_ff_tokens()
        if forced and not self._matcher.consume_tokens(forced):
            raise InternalError(f"the grammar refuses what it forces: {self._matcher.get_error()}")
        for token in forced:
            self._note(token)
        if self._matcher.is_stopped() and self.finish is None:
            if self._matcher.is_error():
                raise InternalError(f"the grammar fails: {self._matcher.get_error()}", reason="GRAMMAR_FAILED")
            self.finish = Finish.STOP
        return forced

    def _note(self, token: int) -> None:
        if token == self._tokenizer.think_end:
            self._in_block, self._field = False, ""
        elif token == self._tokenizer.think_start:
            pass
        elif self._in_block:
            self._block.append(token)
            text = self._tokenizer.decode([token])
            self._field_tokens += 1
            self._field_characters += _characters(text)
            self._note_field(token, text)
        else:
            self._lyrics.append(token)
            self._note_lyrics(self._tokenizer.decode([token]))

    def _note_field(self, token: int, text: bytes) -> None:
        *ended, last = (self._line + text).split(b"\n")
        self._line = last
        if ended:
            self._line_tokens.clear()
        if last:
            self._line_tokens.append(token)
        if (name := _FIELD.match(last)) and name[1].decode() != self._field:
            self._field, self._field_tokens, self._field_characters = name[1].decode(), 0, 0

    def _note_lyrics(self, text: bytes) -> None:
        *lines, self._line = (self._line + text).split(b"\n")
        for line in filter(None, (line.strip() for line in lines)):
            self._repeats = self._repeats + 1 if line == self._last_line else 1
            self._last_line = line
            if self._repeats >= REPEATED_LINES:
                self.finish = Finish.REPETITION
        self._lyric_characters += _characters(text)
        full = len(self._lyrics) >= self._max_lyric_tokens or self._lyric_characters >= _LYRIC_CHARACTERS
        if full and self.finish is None:
            self.finish = Finish.LENGTH

    def _field_is_full(self) -> bool:
        if not self._in_block or self._field not in self._grammar.free_tokens:
            return False
        full = self._field_tokens >= self._grammar.free_tokens[self._field]
        return full or self._field_characters >= _FIELD_CHARACTERS

    def _close_field(self) -> list[int]:
        """Ends a free value at its bound, where the text can end here, and begins the next line."""
        following = self._tokenizer.encode(self._grammar.after(Field(self._field)))
        if not following and self._grammar.closes:
            following = [self._tokenizer.think_end]
        for end in ("\n", "'\n"):
            closing = [*self._tokenizer.encode(end), *following]
            if self._matcher.validate_tokens(closing) == len(closing):
                self._cut.append(self._field)
                self._matcher.consume_tokens(closing)
                for token in closing:
                    self._note(token)
                return [*closing, *self._follow_forced()]
        return []

    def _allow_only(self, tokens: Bits) -> None:
        """Leaves of what the grammar allows only these, where there are any."""
        kept = self._bits & tokens
        if kept.any():
            self._bits[:] = kept


def _characters(text: bytes) -> int:
    """Characters that begin in a piece of UTF-8."""
    return sum(byte & 0xC0 != 0x80 for byte in text)


def _without_repeats(lyrics: str) -> str:
    """Cuts what a stuck model repeated at the end, but for one line of it."""
    lines = lyrics.rstrip().split("\n")
    while len(lines) > 1 and (not lines[-1].strip() or lines[-1].strip() == lines[-2].strip()):
        lines.pop()
    return "\n".join(lines)
