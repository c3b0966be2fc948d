"""nano's tokenizer: byte-level BPE in the layout of Qwen's, its joins counted on prompts of generated clips.

Qwen's tokens have one digit. Here numbers below 400 are a token each, so that a small network need not do arithmetic to
know a tempo.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer, trainers

from services.encoder.prompt import Prompt
from services.runtime.checkpoints import CheckpointError, read_json
from training.synth.captions import write_caption
from training.synth.clip import Description, describe
from training.tiny_tokenizer import SPECIAL_TOKENS, byte_letters, tokenizer_content, write_tokenizer

_CAPTIONS_OF_EACH = 4
_DIGITS = 3
_NUMBERS = 400


@dataclass(frozen=True)
class Vocabulary:
    """Pieces of text by their ids, and the joins that make them in falling rank."""

    ids: dict[str, int]
    joins: tuple[tuple[str, str], ...]

    @classmethod
    def read(cls, path: Path) -> Vocabulary:
        """That of a tokenizer.json, without its control tokens. Raises CheckpointError."""
        try:
            model = read_json(path)["model"]
            return cls(dict(model["vocab"]), tuple((left, right) for left, right in model["merges"]))
        except (KeyError, TypeError, ValueError):
            raise CheckpointError(f"{path}: key model: expected vocab and merges of byte pairs") from None

    def write(self, folder: Path, *, append_end_of_text: bool, extra_tokens: Sequence[str] = ()) -> dict[str, int]:
        """Writes a tokenizer with control tokens, and with others behind them; returns the ids of all."""
        added = (*SPECIAL_TOKENS, *extra_tokens)
        return write_tokenizer(
            folder,
            append_end_of_text=append_end_of_text,
            vocabulary=self.ids,
            merges=self.joins,
            added={token: len(self.ids) + number for number, token in enumerate(added)},
            longest_number=_DIGITS,
        )


def learn_vocabulary(seeds: Sequence[int], size: int) -> Vocabulary:
    """The vocabulary of so many pieces that writes the words of clips in the fewest tokens."""
    letters = {letter: number for number, letter in enumerate(byte_letters())}
    tokenizer = Tokenizer.from_str(json.dumps(tokenizer_content(False, letters, (), {})))
    numbers = number_joins()
    learned_size = size - len(numbers)
    trainer = trainers.BpeTrainer(vocab_size=learned_size, initial_alphabet=byte_letters(), show_progress=False)
    tokenizer.train_from_iterator(_texts(seeds), trainer)
    learned = json.loads(tokenizer.to_str())["model"]
    words = tuple((left, right) for left, right in learned["merges"])
    ids = dict(learned["vocab"])
    ids |= {left + right: len(ids) + number for number, (left, right) in enumerate(numbers)}
    return Vocabulary(ids, (*numbers, *words))


def number_joins() -> tuple[tuple[str, str], ...]:
    """Joins of digits to all pairs, and to numbers of three digits, in falling rank."""
    pairs = [(str(number // 10), str(number % 10)) for number in range(100)]
    threes = [str(number) for number in range(100, _NUMBERS)]
    # Of two pairs that overlap, the one of higher rank is joined first: the smaller one.
    joined = [(n[:2], n[2]) if n[:2] <= n[1:] else (n[0], n[1:]) for n in threes]
    return (*pairs, *joined)


def _texts(seeds: Sequence[int]) -> Iterator[str]:
    for seed in seeds:
        description = describe(seed)
        random = np.random.default_rng((seed, 2))
        yield description.wish
        for _ in range(_CAPTIONS_OF_EACH):
            prompt = _prompt(description, write_caption(random, description.facts))
            yield prompt.caption_text()
            yield prompt.lyric_text()


def _prompt(description: Description, caption: str) -> Prompt:
    facts = description.facts
    return Prompt(
        caption=caption,
        lyrics=description.lyrics,
        bpm=facts.bpm,
        key_scale=str(facts.key),
        time_signature=facts.style.meter,
        vocal_language=facts.language,
        duration_seconds=facts.seconds,
    )
