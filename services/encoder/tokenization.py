"""Token ids of prompts, straight from tokenizer.json (spec/model.md §2.2)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

from services.encoder.prompt import END_OF_TEXT, Prompt
from services.runtime.checkpoints import CheckpointError

MAX_CAPTION_TOKENS = 256
MAX_LYRIC_TOKENS = 2048


@dataclass(frozen=True)
class TokenIds:
    """Ids of one text, the characters [first, behind the last] of it that each covers, and whether it was cut."""

    ids: list[int]
    spans: list[tuple[int, int]]
    truncated: bool


class PromptTokenizer:
    """The tokenizer of the text encoder. It must append one end of text to whatever it encodes."""

    def __init__(self, path: Path) -> None:
        try:
            self._tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises bare exceptions
            raise CheckpointError(f"{path}: cannot be read as a tokenizer: {error}") from None
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        appended = self._tokenizer.encode("").ids
        if appended != [self._tokenizer.token_to_id(END_OF_TEXT)]:
            raise CheckpointError(f"{path}: post_processor: expected one {END_OF_TEXT} appended, found ids {appended}")

    def caption(self, prompt: Prompt) -> TokenIds:
        """Ids of instruction, caption and metadata."""
        return self._encode(prompt.caption_text(), MAX_CAPTION_TOKENS)

    def lyrics(self, prompt: Prompt) -> TokenIds:
        """Ids of language and lyrics."""
        return self._encode(prompt.lyric_text(), MAX_LYRIC_TOKENS)

    def _encode(self, text: str, limit: int) -> TokenIds:
        """The limit counts the appended token, which a cut text keeps."""
        encoding = self._tokenizer.encode(text)
        ids, spans = encoding.ids, encoding.offsets
        if len(ids) <= limit:
            return TokenIds(ids, spans, truncated=False)
        return TokenIds([*ids[: limit - 1], ids[-1]], [*spans[: limit - 1], spans[-1]], truncated=True)
