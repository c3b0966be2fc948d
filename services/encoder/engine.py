"""Admission around the stepper: what an item costs, and conditions that are kept and shared."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, replace

import torch

from services.encoder.model import Words
from services.encoder.prompt import Prompt
from services.encoder.stepper import Codes, Latents, Work
from services.encoder.tokenization import PromptTokenizer
from services.runtime.batching import BatchQueue
from services.runtime.items import Finished
from services.runtime.shared_results import CacheCounts, SharedResults


@dataclass(frozen=True)
class EncodeItem:
    """Words and reference latents [frames, channels] of one item."""

    prompt: Prompt
    references: tuple[torch.Tensor, ...] = ()

    def digest(self) -> bytes:
        """SHA-256 of all that the condition depends on, given the model."""
        digest = hashlib.sha256()
        for text in (self.prompt.caption_text(), self.prompt.lyric_text()):
            encoded = text.encode()
            digest.update(len(encoded).to_bytes(8, "big") + encoded)
        for reference in self.references:
            digest.update(repr(tuple(reference.shape)).encode() + reference.contiguous().numpy().tobytes())
        return digest.digest()


@dataclass(frozen=True)
class Encoded:
    """The packed condition [tokens, width], the null condition [1, width], and how much of the words was read.

    `lyric_spans` [lyric tokens, 2] are the characters of the lyric text, from the first to behind the last, that each
    lyric token covers.
    """

    condition: torch.Tensor
    null_condition: torch.Tensor
    text_tokens: int
    lyric_spans: torch.Tensor
    text_truncated: bool
    lyrics_truncated: bool

    @property
    def nbytes(self) -> int:
        """Bytes of the tensors."""
        return self.condition.nbytes + self.null_condition.nbytes + self.lyric_spans.nbytes


class EncoderEngine:
    """Encodes items through a batch queue; the cost of an item is the tokens that it brings.

    Conditions are kept, up to `cache_bytes` of them, and equal items that overlap are encoded once.
    """

    def __init__(
        self, null_condition: torch.Tensor, tokenizer: PromptTokenizer, queue: BatchQueue[Work], *, cache_bytes: int = 0
    ) -> None:
        self._null_condition = null_condition
        self._tokenizer = tokenizer
        self._queue = queue
        self._conditions: SharedResults[Finished[Encoded]] = SharedResults(
            cache_bytes, lambda finished: finished.result.nbytes
        )

    @property
    def cache_counts(self) -> CacheCounts:
        """How conditions were come by."""
        return self._conditions.counts

    async def encode(self, item: EncodeItem, seconds_left: float | None) -> Finished[Encoded]:
        """The condition of an item. Raises OverloadedError or DeadlineError at once."""
        key = item.digest()
        if held := self._conditions.held(key):
            return Finished(held.result, queue_ns=0, compute_ns=0, batch_size=1)
        return await self._conditions.computed(key, lambda: self._encode(item, seconds_left))

    async def _encode(self, item: EncodeItem, seconds_left: float | None) -> Finished[Encoded]:
        caption, lyrics = await asyncio.gather(
            asyncio.to_thread(self._tokenizer.caption, item.prompt),
            asyncio.to_thread(self._tokenizer.lyrics, item.prompt),
        )
        words = Words(caption.ids, lyrics.ids, item.references)
        finished = await self._queue.run(words, cost=words.tokens, seconds_left=seconds_left)
        encoded = Encoded(
            condition=finished.result,
            null_condition=self._null_condition,
            text_tokens=len(caption.ids),
            lyric_spans=torch.tensor(lyrics.spans, dtype=torch.int32),
            text_truncated=caption.truncated,
            lyrics_truncated=lyrics.truncated,
        )
        return replace(finished, result=encoded)

    async def tokenize(self, latents: torch.Tensor, seconds_left: float | None) -> Finished[torch.Tensor]:
        """Audio codes [codes] of latents [frames, channels]; what is missing to a whole code is silence."""
        return await self._queue.run(Latents(latents), cost=len(latents), seconds_left=seconds_left)

    async def detokenize(self, codes: torch.Tensor, seconds_left: float | None) -> Finished[torch.Tensor]:
        """Hint latents [5 codes, channels] of audio codes [codes]."""
        finished = await self._queue.run(Codes(codes), cost=5 * len(codes), seconds_left=seconds_left)
        return replace(finished, result=finished.result.flatten(0, 1))
