"""Byte-level BPE tokenizers in the layout of Qwen's, small enough to be made on the spot (spec/planner.md §1)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

END_OF_TEXT, END_OF_TURN = "<|endoftext|>", "<|im_end|>"
SPECIAL_TOKENS = (END_OF_TEXT, "<|im_start|>", END_OF_TURN, "<think>", "</think>")
AUDIO_CODES = 65_535

# Letters, marks and punctuation as words with their leading space, digits by themselves, line ends by themselves.
_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,%d}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
# Joins in falling rank; byte-level BPE writes a space as U+0120.
_MERGES = (
    "e r;i n;o n;a n;r e;s t;e n;o r;a l;t h;o u;i s;l e;a r;i t;n d;e s;in g;o w;u s;e d;o m;a s;i c;v e;m u;mu s;"
    "mus ic;p i;pi an;pian o;d r;dr u;dru m;b as;bas s;g u;gu it;guit ar;v o;vo c;voc al;th e;an d;l y;ly r;lyr ic;"
    "Ġ a;Ġ s;Ġ t;Ġ b;Ġ w;Ġ m;Ġ o;Ġ i;Ġ p;Ġ the;Ġ and;Ġo n;Ġi n;Ġ music;Ġ guitar;Ġ bass;Ġ drum"
)


def audio_code_tokens(count: int = AUDIO_CODES) -> list[str]:
    """Names of the planner's audio-code tokens, in the order of their ids."""
    return [f"<|audio_code_{code}|>" for code in range(count)]


def write_tiny_tokenizer(folder: Path, *, append_end_of_text: bool, extra_tokens: Sequence[str] = ()) -> dict[str, int]:
    """Writes the smallest tokenizer; returns its ids."""
    merges = [(left, right) for left, right in (pair.split(" ") for pair in _MERGES.split(";"))]
    tokens = [*byte_letters(), *("".join(pair) for pair in merges)]
    added = (*SPECIAL_TOKENS, *extra_tokens)
    return write_tokenizer(
        folder,
        append_end_of_text=append_end_of_text,
        vocabulary={token: number for number, token in enumerate(tokens)},
        merges=merges,
        added={token: len(tokens) + number for number, token in enumerate(added)},
    )


def write_tokenizer(
    folder: Path,
    *,
    append_end_of_text: bool,
    vocabulary: Mapping[str, int],
    merges: Sequence[tuple[str, str]],
    added: Mapping[str, int],
    longest_number: int = 1,
) -> dict[str, int]:
    """Writes tokenizer.json and tokenizer_config.json; returns the ids of all tokens.

    `append_end_of_text` makes the post-processor end every sequence with `<|endoftext|>`, as the text encoder's does.
    No token has more digits than `longest_number`.
    """
    content = tokenizer_content(append_end_of_text, vocabulary, merges, added, longest_number)
    (folder / "tokenizer.json").write_text(json.dumps(content, ensure_ascii=False), "utf-8")
    config = {
        "tokenizer_class": "Qwen2Tokenizer",
        "add_prefix_space": False,
        "bos_token": None,
        "eos_token": END_OF_TEXT if append_end_of_text else END_OF_TURN,
        "pad_token": END_OF_TEXT,
        "unk_token": None,
        "model_max_length": 131_072,
        "clean_up_tokenization_spaces": False,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n", "utf-8")
    return {**vocabulary, **added}


def tokenizer_content(
    append_end_of_text: bool,
    vocabulary: Mapping[str, int],
    merges: Sequence[tuple[str, str]],
    added: Mapping[str, int],
    longest_number: int = 1,
) -> dict[str, Any]:
    """What stands in tokenizer.json."""
    added_tokens = [
        {
            "id": number,
            "content": token,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": "think" not in token,
        }
        for token, number in added.items()
    ]
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added_tokens,
        "normalizer": {"type": "NFC"},
        "pre_tokenizer": _pre_tokenizer(longest_number),
        "post_processor": _end_of_text(added[END_OF_TEXT]) if append_end_of_text else _byte_level(),
        "decoder": _byte_level(),
        "model": _model(vocabulary, merges),
    }


def byte_letters() -> list[str]:
    """The letters that stand for bytes, in the order of their ids: itself where a byte prints, else from U+0100 on."""
    printing = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = [byte for byte in range(256) if byte not in printing]
    return sorted(chr(byte) if byte in printing else chr(0x100 + others.index(byte)) for byte in range(256))


def _pre_tokenizer(longest_number: int) -> dict[str, Any]:
    words = {"type": "Split", "pattern": {"Regex": _SPLIT % longest_number}, "behavior": "Isolated", "invert": False}
    return {"type": "Sequence", "pretokenizers": [words, _byte_level()]}


def _byte_level() -> dict[str, Any]:
    return {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}


def _end_of_text(token_id: int) -> dict[str, Any]:
    sequence = {"Sequence": {"id": "A", "type_id": 0}}
    end = {"SpecialToken": {"id": END_OF_TEXT, "type_id": 0}}
    return {
        "type": "TemplateProcessing",
        "single": [sequence, end],
        "pair": [sequence, end, {"Sequence": {"id": "B", "type_id": 0}}, end],
        "special_tokens": {END_OF_TEXT: {"id": END_OF_TEXT, "ids": [token_id], "tokens": [END_OF_TEXT]}},
    }


def _model(vocabulary: Mapping[str, int], merges: Sequence[tuple[str, str]]) -> dict[str, Any]:
    return {
        "type": "BPE",
        "dropout": None,
        "unk_token": None,
        "continuing_subword_prefix": "",
        "end_of_word_suffix": "",
        "fuse_unk": False,
        "byte_fallback": False,
        "ignore_merges": False,
        "vocab": dict(vocabulary),
        "merges": [list(pair) for pair in merges],
    }
