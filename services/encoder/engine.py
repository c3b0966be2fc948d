"""Admission and cancellation around the networks: one item at a time."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import torch

from services.encoder.config import EncoderConfig
from services.encoder.model import EncoderModel
from services.encoder.prompt import Prompt
from services.encoder.tokenization import PromptTokenizer
from services.runtime.compute import ComputeQueue, Finished, Ticket
from services.runtime.shared_results import CacheCounts, SharedResults

R = TypeVar("R")


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
    """The packed condition [tokens, width], the null condition [1, width], and how much of the words was read."""

    condition: torch.Tensor
    null_condition: torch.Tensor
    text_tokens: int
    lyric_tokens: int
    text_truncated: bool
    lyrics_truncated: bool

    @property
    def nbytes(self) -> int:
        """Bytes of the conditions."""
        return self.condition.nbytes + self.null_condition.nbytes


class EncoderEngine:
    """Encodes items on the compute queue; the cost of an item is the tokens that it brings.

    Conditions are kept, up to `cache_bytes` of them, and equal items that overlap are encoded once.
    """

    def __init__(
        self,
        model: EncoderModel,
        tokenizer: PromptTokenizer,
        config: EncoderConfig,
        queue: ComputeQueue,
        *,
        cache_bytes: int = 0,
    ) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._config = config
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
        reference_tokens = sum(len(reference) for reference in item.references) or self._config.reference_frames

        def work() -> Encoded:
            return Encoded(
                condition=self._model.encode(caption.ids, lyrics.ids, list(item.references)),
                null_condition=self._model.null_condition(),
                text_tokens=len(caption.ids),
                lyric_tokens=len(lyrics.ids),
                text_truncated=caption.truncated,
                lyrics_truncated=lyrics.truncated,
            )

        return await self._run(work, len(caption.ids) + len(lyrics.ids) + reference_tokens, seconds_left)

    async def tokenize(self, latents: torch.Tensor, seconds_left: float | None) -> Finished[list[int]]:
        """Audio codes of latents [frames, channels]."""
        return await self._run(lambda: self._model.tokenize(latents), len(latents), seconds_left)

    async def detokenize(self, codes: list[int], seconds_left: float | None) -> Finished[torch.Tensor]:
        """Hint latents [5 codes, channels] of audio codes."""
        frames = len(codes) * self._config.pool_window
        return await self._run(lambda: self._model.detokenize(codes), frames, seconds_left)

    async def _run(self, evaluate: Callable[[], R], cost: float, seconds_left: float | None) -> Finished[R]:
        def work(ticket: Ticket) -> R:
            result = evaluate()
            ticket.step_done()
            return result

        return await self._queue.run(work, cost=cost, seconds_left=seconds_left)
