"""Lines whose values are of a closed list, in the tokens that a tokenizer gives them (spec/planner.md §3.3, §3.6).

A grammar knows characters: it lets a language begin with a lone space or with a part of its word, which a model has
never seen there and which takes the choice among the languages from it. Digits are tokens of their own in any case.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from serving.planning import LANGUAGES

KEY_SCALES = tuple(
    f"{note}{sign} {mode}" for note in "ABCDEFG" for sign in ("", "#", "b", "♯", "♭") for mode in ("major", "minor")
)
CLOSED_LINES = (
    *(f"keyscale: {key}\n" for key in KEY_SCALES),
    *(f"language: {language}\n" for language in sorted(LANGUAGES)),
)

Bits = np.ndarray[tuple[int], np.dtype[np.int32]]


def bit_mask(tokens: Sequence[int], text_tokens: int) -> Bits:
    """Tokens as bits of 32-bit words, the form in which grammars give masks."""
    flags = np.zeros(text_tokens, dtype=np.bool_)
    flags[list(tokens)] = True
    packed = np.packbits(flags, bitorder="little")
    return np.pad(packed, (0, -len(packed) % 4)).view(np.int32)


def canonical_masks(
    encode: Callable[[str], list[int]], decode: Callable[[list[int]], bytes], text_tokens: int
) -> dict[tuple[int, ...], Bits]:
    """By the tokens of a closed line so far, its name and colon at least: those that may come next."""
    following: dict[tuple[int, ...], set[int]] = {}
    for line in CLOSED_LINES:
        ids = encode(line)
        for end in range(1, len(ids)):
            if b":" in decode(ids[:end]):
                following.setdefault(tuple(ids[:end]), set()).add(ids[end])
    masks = {tokens: bit_mask(tokens, text_tokens) for tokens in {tuple(sorted(found)) for found in following.values()}}
    return {written: masks[tuple(sorted(found))] for written, found in following.items()}
