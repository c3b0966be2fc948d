"""Token ids of a planner, straight from tokenizer.json (spec/planner.md §1.2).

Text is encoded by a tokenizer that knows no added tokens: whatever a user writes, `<|im_end|>` included, stays text.
The audio codes, of which there are as many as the file names in a row, are left out of both tokenizers, because their
ids follow from arithmetic: that loads fast.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self

from llguidance import LLTokenizer
from tokenizers import Tokenizer

from services.planner.canonical import Bits, bit_mask, canonical_masks
from services.runtime.checkpoints import CheckpointError, read_json

# The public planners name 1,535 more, which stand for no entry of a codebook.
MOST_CODES = 64_000
_CONTROLS = ("<|im_start|>", "<|im_end|>", "<think>", "</think>")
_FIRST_CODE = "<|audio_code_0|>"
_CODE = re.compile(r"<\|audio_code_(0|[1-9][0-9]{0,8})\|>")
# Letters only, but for a space before them.
_LETTERS = re.compile(rb" ?[A-Za-z]+")


@dataclass(frozen=True)
class PlannerTokenizer:
    """Encodes text and knows the ids of control tokens and audio codes. Ids below `first_code` are text and control.

    `audio_codes` are the ids of the codes; there are as many as the codebook of the songs has entries.
    `closed_lines` masks what may come next in a line of a closed list of values, by the tokens of the line so far.
    """

    text: Tokenizer
    grammar: LLTokenizer
    turn_start: int
    turn_end: int
    think_start: int
    think_end: int
    audio_codes: range
    letter_bits: Bits
    closed_lines: Mapping[tuple[int, ...], Bits]

    @classmethod
    def load(cls, path: Path, vocabulary: int) -> Self:
        """Reads a tokenizer.json for a model of that vocabulary. Raises CheckpointError."""
        content = read_json(path)
        ids = _added_ids(path, content)
        codes = _audio_codes(path, ids)
        if codes.stop > vocabulary:
            raise CheckpointError(f"{path}: audio codes end at id {codes.stop - 1}, the model has {vocabulary} ids")
        first = codes.start
        controls = [{**entry, "special": True} for entry in content["added_tokens"] if entry["id"] < first]
        try:
            text = Tokenizer.from_str(json.dumps({**content, "added_tokens": [], "post_processor": None}))
            grammar = LLTokenizer(
                json.dumps({**content, "added_tokens": controls}), n_vocab=first, eos_token=ids["<|im_end|>"]
            )
        except Exception as error:  # both libraries raise bare exceptions
            raise CheckpointError(f"{path}: cannot be read as a tokenizer: {error}") from None
        text.no_truncation()
        text.no_padding()
        letters = [token for token in range(first) if _LETTERS.fullmatch(grammar.decode_bytes([token]))]
        closed_lines = canonical_masks(partial(_encoded, text), grammar.decode_bytes, first)
        turn_start, turn_end, think_start, think_end = (ids[token] for token in _CONTROLS)
        return cls(
            text, grammar, turn_start, turn_end, think_start, think_end, codes, bit_mask(letters, first), closed_lines
        )

    @property
    def first_code(self) -> int:
        """Id of the first audio code."""
        return self.audio_codes.start

    def encode(self, text: str) -> list[int]:
        """Ids of text; never a control token or an audio code."""
        return _encoded(self.text, text)

    def decode(self, ids: Sequence[int]) -> bytes:
        """Bytes of text ids; they may end within a character."""
        return self.grammar.decode_bytes(list(ids))

    def code_ids(self, codes: Sequence[int]) -> list[int]:
        """Ids of audio codes."""
        return [self.first_code + code for code in codes]


def _encoded(tokenizer: Tokenizer, text: str) -> list[int]:
    return tokenizer.encode(text, add_special_tokens=False).ids


def codebook_size(path: Path) -> int:
    """How many audio codes a tokenizer.json has. Raises CheckpointError."""
    return len(_audio_codes(path, _added_ids(path, read_json(path))))


def _added_ids(path: Path, content: Mapping[str, Any]) -> dict[str, int]:
    """Ids of control tokens and audio codes."""
    try:
        ids = {str(entry["content"]): int(entry["id"]) for entry in content.get("added_tokens") or []}
    except (KeyError, TypeError, ValueError):
        raise CheckpointError(f"{path}: key added_tokens: expected objects with content and id") from None
    missing = [token for token in (*_CONTROLS, _FIRST_CODE) if token not in ids]
    if missing:
        raise CheckpointError(f"{path}: key added_tokens: expected {', '.join(missing)}, found none of them")
    return ids


def _audio_codes(path: Path, ids: Mapping[str, int]) -> range:
    """Ids of the audio codes, which lie in a row behind all control tokens."""
    first = ids[_FIRST_CODE]
    named = [int(code[1]) for code in map(_CODE.fullmatch, ids) if code]
    count = min(max(named) + 1, MOST_CODES)
    for code in range(count):
        token = f"<|audio_code_{code}|>"
        if ids.get(token) != first + code:
            raise CheckpointError(f"{path}: {token}: expected id {first + code}, found {ids.get(token, 'nothing')}")
    late = [token for token in _CONTROLS if ids[token] > first]
    if late:
        raise CheckpointError(f"{path}: {', '.join(late)}: expected ids below those of the audio codes")
    return range(first, first + count)
