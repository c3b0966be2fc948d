"""VaeService: checks requests, cuts PCM into messages, reports."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import grpc.aio
import torch

from quartet.errors import FieldViolation, InvalidRequestError
from quartet.tensors import TensorError
from quartet.v1 import vae_pb2, vae_pb2_grpc
from quartet.validation import Violations
from services.runtime.items import Finished
from services.runtime.reports import Reporter
from services.runtime.tensors import decode_float32, encode_float32
from services.vae.engine import VaeEngine
from services.vae.stepper import DecodeItem, EncodeItem, PcmRun
from services.vae.upload import PcmUpload

Context = grpc.aio.ServicerContext[Any, Any]


@dataclass(frozen=True)
class AudioShape:
    """What the codec's audio and latents look like, and how long they may be."""

    sample_rate: int
    channels: int
    hop: int
    latent_channels: int
    max_frames: int

    @property
    def max_samples(self) -> int:
        """The longest audio, in samples per channel."""
        return self.max_frames * self.hop


class VaeServicer(vae_pb2_grpc.VaeServiceServicer):
    """Serves one codec."""

    def __init__(self, engine: VaeEngine, reporter: Reporter, shape: AudioShape) -> None:
        self._engine = engine
        self._reporter = reporter
        self._shape = shape

    async def Decode(self, request: vae_pb2.DecodeRequest, context: Context) -> AsyncIterator[vae_pb2.DecodeResponse]:
        """PCM in order, then the result."""
        arrived_ns = time.monotonic_ns()
        self._reporter.check_model(request.model)
        item = self._decode_item(request)
        async with aclosing(self._engine.decode(item, context.time_remaining())) as events:
            async for event in events:
                if isinstance(event, Finished):
                    yield vae_pb2.DecodeResponse(
                        result=vae_pb2.DecodeResult(
                            samples=event.result,
                            sample_rate=self._shape.sample_rate,
                            report=self._reporter.report(event, arrived_ns),
                        )
                    )
                else:
                    for chunk in self._chunks(event):
                        yield vae_pb2.DecodeResponse(chunk=chunk)

    async def Encode(
        self, request_iterator: AsyncIterator[vae_pb2.VaeServiceEncodeRequest], context: Context
    ) -> vae_pb2.VaeServiceEncodeResponse:
        """Latents of streamed PCM."""
        arrived_ns = time.monotonic_ns()
        item = await self._encode_item(request_iterator)
        finished = await self._engine.encode(item, context.time_remaining())
        return vae_pb2.VaeServiceEncodeResponse(
            latents=encode_float32(finished.result), report=self._reporter.report(finished, arrived_ns)
        )

    async def GetInfo(
        self, request: vae_pb2.VaeServiceGetInfoRequest, context: Context
    ) -> vae_pb2.VaeServiceGetInfoResponse:
        """The stage at this moment."""
        return vae_pb2.VaeServiceGetInfoResponse(
            info=self._reporter.info(),
            sample_rate=self._shape.sample_rate,
            channels=self._shape.channels,
            hop=self._shape.hop,
        )

    def _decode_item(self, request: vae_pb2.DecodeRequest) -> DecodeItem:
        latents = torch.empty(0)
        with Violations() as check, check.tensor("latents"):
            latents = decode_float32(request.latents, (None, self._shape.latent_channels))
            if not 1 <= len(latents) <= self._shape.max_frames:
                raise TensorError(f"{len(latents)} frames, must be within 1 and {self._shape.max_frames}")
        return DecodeItem(latents)

    async def _encode_item(self, requests: AsyncIterator[vae_pb2.VaeServiceEncodeRequest]) -> EncodeItem:
        first = await anext(aiter(requests), None)
        if first is None or first.WhichOneof("part") != "header":
            raise _violation("header", "must be the first message of the stream")
        upload = self._start_upload(first.header)
        async for request in requests:
            if request.WhichOneof("part") != "chunk":
                raise _violation("chunk", "is missing; every message after the header carries one")
            with Violations() as check, check.tensor("chunk.pcm"):
                pcm = decode_float32(request.chunk.pcm, (None, self._shape.channels))
                upload.add(request.chunk.first_sample, pcm)
        seed = first.header.posterior_seed if first.header.HasField("posterior_seed") else None
        return EncodeItem(upload.whole(), seed)

    def _start_upload(self, header: vae_pb2.EncodeHeader) -> PcmUpload:
        self._reporter.check_model(header.model)
        shape = self._shape
        with Violations() as check:
            check.that(
                shape.hop <= header.samples <= shape.max_samples,
                "header.samples",
                f"is {header.samples}, must be within {shape.hop} and {shape.max_samples}",
            )
        return PcmUpload(header.samples, shape.channels, max_run=shape.sample_rate)

    def _chunks(self, run: PcmRun) -> Iterator[vae_pb2.PcmChunk]:
        """Messages of at most one second."""
        for offset, pcm in enumerate(torch.split(run.pcm, self._shape.sample_rate)):
            first_sample = run.first_sample + offset * self._shape.sample_rate
            yield vae_pb2.PcmChunk(first_sample=first_sample, pcm=encode_float32(pcm))


def _violation(field: str, description: str) -> InvalidRequestError:
    return InvalidRequestError.of([FieldViolation(field, description)])
