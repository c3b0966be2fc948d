"""EncoderService: checks requests, packs conditions, reports."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import grpc.aio
import torch

from quartet.tensors import TensorError
from quartet.v1 import encoder_pb2, encoder_pb2_grpc
from quartet.validation import Violations
from services.encoder.engine import EncodeItem, EncoderEngine
from services.encoder.prompt import Prompt
from services.runtime.reports import Reporter
from services.runtime.tensors import decode_float32, encode_float32, encode_floating

Context = grpc.aio.ServicerContext[Any, Any]
MAX_CAPTION_CHARACTERS = 8192
MAX_LYRIC_CHARACTERS = 32_768
MAX_INSTRUCTION_CHARACTERS = 1024
MAX_VALUE_CHARACTERS = 64
MAX_REFERENCES = 8
MAX_SECONDS = 3600


@dataclass(frozen=True)
class EncoderLimits:
    """What a replica accepts."""

    latent_channels: int
    reference_frames: int
    max_frames: int
    max_codes: int
    codebook_size: int


class EncoderServicer(encoder_pb2_grpc.EncoderServiceServicer):
    """Serves the encoder side of one model."""

    def __init__(self, engine: EncoderEngine, reporter: Reporter, limits: EncoderLimits) -> None:
        self._engine = engine
        self._reporter = reporter
        self._limits = limits

    async def Encode(self, request: encoder_pb2.EncodeRequest, context: Context) -> encoder_pb2.EncodeResponse:
        """The condition of one prompt."""
        arrived_ns = time.monotonic_ns()
        self._reporter.check_model(request.model)
        item = self._encode_item(request)
        finished = await self._engine.encode(item, context.time_remaining())
        encoded = finished.result
        spans = [item.prompt.in_lyrics(*span) for span in encoded.lyric_spans.tolist()]
        return encoder_pb2.EncodeResponse(
            condition=encode_floating(encoded.condition),
            null_condition=encode_floating(encoded.null_condition),
            text_tokens=encoded.text_tokens,
            lyric_tokens=len(spans),
            text_truncated=encoded.text_truncated,
            lyrics_truncated=encoded.lyrics_truncated,
            report=self._reporter.report(finished, arrived_ns),
            lyric_token_spans=[encoder_pb2.LyricToken(start=start, end=end) for start, end in spans],
        )

    async def Tokenize(self, request: encoder_pb2.TokenizeRequest, context: Context) -> encoder_pb2.TokenizeResponse:
        """Audio codes of latents."""
        arrived_ns = time.monotonic_ns()
        self._reporter.check_model(request.model)
        latents = torch.empty(0)
        with Violations() as check, check.tensor("latents"):
            latents = decode_float32(request.latents, (None, self._limits.latent_channels))
            if not 1 <= len(latents) <= self._limits.max_frames:
                raise TensorError(f"{len(latents)} frames, must be within 1 and {self._limits.max_frames}")
        finished = await self._engine.tokenize(latents, context.time_remaining())
        return encoder_pb2.TokenizeResponse(
            codes=finished.result.tolist(), report=self._reporter.report(finished, arrived_ns)
        )

    async def Detokenize(
        self, request: encoder_pb2.DetokenizeRequest, context: Context
    ) -> encoder_pb2.DetokenizeResponse:
        """Hint latents of audio codes."""
        arrived_ns = time.monotonic_ns()
        self._reporter.check_model(request.model)
        limits = self._limits
        with Violations() as check:
            count = len(request.codes)
            check.that(
                1 <= count <= limits.max_codes, "codes", f"{count} codes, must be within 1 and {limits.max_codes}"
            )
            largest = max(request.codes, default=0)
            check.that(
                largest < limits.codebook_size, "codes", f"{largest} is no code; they end at {limits.codebook_size - 1}"
            )
        finished = await self._engine.detokenize(torch.tensor(request.codes), context.time_remaining())
        return encoder_pb2.DetokenizeResponse(
            latents=encode_float32(finished.result), report=self._reporter.report(finished, arrived_ns)
        )

    async def GetInfo(
        self, request: encoder_pb2.EncoderServiceGetInfoRequest, context: Context
    ) -> encoder_pb2.EncoderServiceGetInfoResponse:
        """The stage at this moment."""
        counts = self._engine.cache_counts
        return encoder_pb2.EncoderServiceGetInfoResponse(
            info=self._reporter.info(),
            cache=encoder_pb2.ConditionCache(
                hits=counts.hits, shared=counts.shared, misses=counts.misses, held_bytes=counts.held_bytes
            ),
        )

    def _encode_item(self, request: encoder_pb2.EncodeRequest) -> EncodeItem:
        metadata = request.metadata
        with Violations() as check:
            for field, text, most in (
                ("instruction", request.instruction, MAX_INSTRUCTION_CHARACTERS),
                ("caption", request.caption, MAX_CAPTION_CHARACTERS),
                ("lyrics", request.lyrics, MAX_LYRIC_CHARACTERS),
                ("metadata.key_scale", metadata.key_scale, MAX_VALUE_CHARACTERS),
                ("metadata.time_signature", metadata.time_signature, MAX_VALUE_CHARACTERS),
                ("metadata.vocal_language", metadata.vocal_language, MAX_VALUE_CHARACTERS),
            ):
                check.characters(text, most, field)
            if metadata.bpm:
                check.within(metadata.bpm, 30, 300, "metadata.bpm")
            if metadata.HasField("duration_seconds"):
                check.within(metadata.duration_seconds, 0, MAX_SECONDS, "metadata.duration_seconds")
            references = self._references(request, check)
        return EncodeItem(
            Prompt(
                caption=request.caption,
                lyrics=request.lyrics,
                instruction=request.instruction,
                bpm=metadata.bpm or None,
                key_scale=metadata.key_scale,
                time_signature=metadata.time_signature,
                vocal_language=metadata.vocal_language,
                duration_seconds=metadata.duration_seconds if metadata.HasField("duration_seconds") else None,
            ),
            references,
        )

    def _references(self, request: encoder_pb2.EncodeRequest, check: Violations) -> tuple[torch.Tensor, ...]:
        count, longest = len(request.reference_latents), self._limits.reference_frames
        if not check.that(
            count <= MAX_REFERENCES, "reference_latents", f"{count} references, at most {MAX_REFERENCES} are allowed"
        ):
            return ()
        references = []
        for number, message in enumerate(request.reference_latents):
            with check.tensor(f"reference_latents[{number}]"):
                latents = decode_float32(message, (None, self._limits.latent_channels))
                if not 1 <= len(latents) <= longest:
                    raise TensorError(f"{len(latents)} frames, must be within 1 and {longest}")
                references.append(latents)
        return tuple(references)
