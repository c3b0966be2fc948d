"""Typed clients of the stage services. Every call has a deadline, a span, and errors that name the stage."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Self

import grpc.aio
import numpy as np
import numpy.typing as npt

from gateway.calls import INFO_SECONDS, Report, StageCalls, broken, cancelled_on_leaving
from gateway.planner import PlannerClient
from gateway.requests import ModelOffer, WaveletDefault
from quartet import tensors
from quartet.errors import ConflictError, QuartetError
from quartet.sampling import Wavelet, WaveletMode
from quartet.songs import SongSpec
from quartet.v1 import (
    dit_pb2,
    dit_pb2_grpc,
    encoder_pb2,
    encoder_pb2_grpc,
    stage_pb2,
    tensor_pb2,
    vae_pb2,
    vae_pb2_grpc,
)
from quartet.wire import chosen
from serving.messages import MAX_SAMPLE_BYTES, message_options
from serving.telemetry import Telemetry, outgoing_metadata

Pcm = npt.NDArray[np.float32]
CHANNELS = 2


@dataclass(frozen=True)
class Condition:
    """What the encoder made of a prompt. The tensors travel on to the DiT as they are.

    Its first tokens are those of the lyrics: `lyric_spans` are the characters of these that each covers.
    """

    condition: tensor_pb2.Tensor
    null_condition: tensor_pb2.Tensor
    lyric_spans: tuple[tuple[int, int], ...]
    warnings: tuple[str, ...]
    report: Report


@dataclass(frozen=True)
class Attention:
    """Attention of moments to lyric tokens [tokens, moments], each a share from 0 to 1."""

    shares: npt.NDArray[np.float32]
    frames_per_moment: int


@dataclass(frozen=True)
class Step:
    """A sampling step is done."""

    step: int
    steps: int


@dataclass(frozen=True)
class Latents:
    """What the DiT sampled."""

    latents: tensor_pb2.Tensor
    timesteps: tuple[float, ...]
    warnings: tuple[str, ...]
    report: Report


@dataclass(frozen=True)
class Decoded:
    """The end of a decode."""

    samples: int
    sample_rate: int
    report: Report


@dataclass(frozen=True)
class Codec:
    """The sample rate of the PCM that the codec takes and gives, and what tells its weights from others."""

    rate: int
    revision: str


@dataclass(frozen=True)
class Replica:
    """A stage server as it answers now; `info` is None where it does not."""

    stage: str
    address: str
    info: stage_pb2.StageInfo | None
    problem: str


class Stages:
    """The stages behind the gateway; `planner` is None where none is deployed."""

    def __init__(self, calls: StageCalls, channels: dict[str, grpc.aio.Channel]) -> None:
        self._calls = calls
        self.planner = PlannerClient(calls, channels["planner"]) if "planner" in channels else None
        self._encoder = encoder_pb2_grpc.EncoderServiceStub(channels["encoder"])
        self._dit = dit_pb2_grpc.DitServiceStub(channels["dit"])
        self._vae = vae_pb2_grpc.VaeServiceStub(channels["vae"])

    @classmethod
    @asynccontextmanager
    async def connected(cls, addresses: dict[str, str], telemetry: Telemetry) -> AsyncIterator[Self]:
        """Clients for addresses (host:port) by stage. Connections are made when they are needed."""
        async with AsyncExitStack() as stack:
            channels = {
                stage: await stack.enter_async_context(grpc.aio.insecure_channel(address, options=_CHANNEL_OPTIONS))
                for stage, address in addresses.items()
            }
            yield cls(StageCalls(addresses, telemetry), channels)

    async def encode_prompt(
        self, song: SongSpec, instruction: str, reference: tensor_pb2.Tensor | None, seconds_left: float
    ) -> Condition:
        """The condition of a song's words; an empty instruction is that of music from words alone."""
        request = encoder_pb2.EncodeRequest(
            model=song.model,
            instruction=instruction,
            caption=song.caption,
            lyrics=song.lyrics,
            metadata=stage_pb2.Metadata(
                bpm=song.bpm,
                key_scale=song.key_scale,
                time_signature=song.time_signature,
                vocal_language=song.vocal_language,
                duration_seconds=song.duration,
            ),
            reference_latents=[] if reference is None else [reference],
        )
        with self._calls.call("encoder", "Encode"):
            reply = await self._encoder.Encode(request, timeout=seconds_left, metadata=outgoing_metadata())
        cut = {"caption": reply.text_truncated, "lyrics": reply.lyrics_truncated}
        return Condition(
            condition=reply.condition,
            null_condition=reply.null_condition,
            lyric_spans=tuple((span.start, span.end) for span in reply.lyric_token_spans),
            warnings=tuple(f"{words}: longer than the model reads, cut" for words, is_cut in cut.items() if is_cut),
            report=Report.of(reply.report),
        )

    async def tokenize(self, model: str, latents: tensor_pb2.Tensor, seconds_left: float) -> tuple[int, ...]:
        """Audio codes of latents."""
        request = encoder_pb2.TokenizeRequest(model=model, latents=latents)
        with self._calls.call("encoder", "Tokenize"):
            reply = await self._encoder.Tokenize(request, timeout=seconds_left, metadata=outgoing_metadata())
        return tuple(reply.codes)

    async def detokenize(
        self, model: str, codes: Sequence[int], seconds_left: float
    ) -> tuple[tensor_pb2.Tensor, Report]:
        """Hint latents of audio codes, five frames for each."""
        request = encoder_pb2.DetokenizeRequest(model=model, codes=codes)
        with self._calls.call("encoder", "Detokenize"):
            reply = await self._encoder.Detokenize(request, timeout=seconds_left, metadata=outgoing_metadata())
        return reply.latents, Report.of(reply.report)

    async def sample(self, request: dit_pb2.SampleRequest, seconds_left: float) -> AsyncGenerator[Step | Latents, None]:
        """Steps, then the latents of one item."""
        with self._calls.call("dit", "Sample"):
            call = self._dit.Sample(request, timeout=seconds_left, metadata=outgoing_metadata())
            async with cancelled_on_leaving(call):
                async for response in call:
                    if response.HasField("progress"):
                        yield Step(response.progress.step, response.progress.steps)
                    elif response.HasField("result"):
                        result = response.result
                        report = Report.of(result.report)
                        yield Latents(result.latents, tuple(result.timesteps), tuple(result.warnings), report)

    async def align(self, request: dit_pb2.AlignRequest, seconds_left: float) -> Attention:
        """What finished latents attend to."""
        with self._calls.call("dit", "Align"):
            reply = await self._dit.Align(request, timeout=seconds_left, metadata=outgoing_metadata())
        try:
            shares = tensors.decode(reply.alignment, (request.lyric_tokens, None))
        except tensors.TensorError as error:
            raise broken("dit", f"sent an alignment that is none: {error}") from None
        return Attention(shares.astype(np.float32), reply.frames_per_moment)

    async def decode(self, latents: tensor_pb2.Tensor, seconds_left: float) -> AsyncGenerator[Pcm | Decoded, None]:
        """PCM [samples, channels] in order, then the end."""
        request = vae_pb2.DecodeRequest(latents=latents)
        samples = 0
        with self._calls.call("vae", "Decode"):
            call = self._vae.Decode(request, timeout=seconds_left, metadata=outgoing_metadata())
            async with cancelled_on_leaving(call):
                async for response in call:
                    if response.HasField("chunk"):
                        pcm = _pcm(response.chunk, samples)
                        samples += len(pcm)
                        yield pcm
                    elif response.HasField("result"):
                        result = response.result
                        if result.samples != samples:
                            raise broken("vae", f"announces {result.samples} samples after sending {samples}")
                        yield Decoded(result.samples, result.sample_rate, Report.of(result.report))

    async def encode_audio(
        self, pcm: Pcm, rate: int, seed: int, seconds_left: float
    ) -> tuple[tensor_pb2.Tensor, Report]:
        """Latents of PCM [samples, 2] at the codec's rate, drawn from the posterior with a seed."""

        def parts() -> Iterator[vae_pb2.VaeServiceEncodeRequest]:
            yield vae_pb2.VaeServiceEncodeRequest(header=vae_pb2.EncodeHeader(samples=len(pcm), posterior_seed=seed))
            for start in range(0, len(pcm), rate):  # a second at a time, which is the most that the codec takes
                part = tensors.encode(pcm[start : start + rate])
                yield vae_pb2.VaeServiceEncodeRequest(chunk=vae_pb2.PcmChunk(first_sample=start, pcm=part))

        with self._calls.call("vae", "Encode"):
            reply = await self._vae.Encode(parts(), timeout=seconds_left, metadata=outgoing_metadata())
        return reply.latents, Report.of(reply.report)

    async def codec(self) -> Codec:
        """The codec that is deployed."""
        with self._calls.call("vae", "GetInfo"):
            reply = await self._vae.GetInfo(vae_pb2.VaeServiceGetInfoRequest(), timeout=INFO_SECONDS)
        return Codec(reply.sample_rate, reply.info.models[0].revision)

    async def offers(self) -> tuple[tuple[ModelOffer, ...], dit_pb2.DitServiceGetInfoResponse]:
        """DiT models that can be asked for now, and the DiT's own words on them."""
        with self._calls.call("dit", "GetInfo"):
            reply = await self._dit.GetInfo(dit_pb2.DitServiceGetInfoRequest(), timeout=INFO_SECONDS)
        limits = {limit.name: limit.value for limit in reply.info.limits}
        offers = tuple(
            ModelOffer(
                id=model.id,
                min_seconds=limits["min_seconds"],
                max_seconds=limits["max_seconds"],
                knows_tracks=defaults.knows_tracks,
                wavelet_correction=_wavelet_default(defaults),
            )
            for model, defaults in zip(reply.info.models, reply.defaults, strict=True)
        )
        return offers, reply

    async def check_codebooks(self, planner: str) -> None:
        """Raises ConflictError where the audio codes of a planner, by its name, are not those of the encoder."""
        if self.planner is None:
            return
        planners = (await self.planner.info()).models
        with self._calls.call("encoder", "GetInfo"):
            reply = await self._encoder.GetInfo(encoder_pb2.EncoderServiceGetInfoRequest(), timeout=INFO_SECONDS)
        encoder = reply.info.models[0]
        for model in [model for model in planners if model.id == planner] if planner else planners[:1]:
            if 0 not in (model.codebook_size, encoder.codebook_size) and model.codebook_size != encoder.codebook_size:
                raise ConflictError(
                    f"the planner {model.id} has {model.codebook_size} audio codes, the encoder of {encoder.id} has "
                    f"{encoder.codebook_size}; start both with models of one family",
                    reason="CODEBOOKS_DIFFER",
                )

    @property
    def names(self) -> tuple[str, ...]:
        """The stages that are deployed, in the order of the chain."""
        return tuple(self._calls.addresses)

    async def replica(self, stage: str) -> Replica:
        """A stage server as it answers now."""
        requests: dict[str, Callable[[], Awaitable[Any]]] = {
            "encoder": lambda: self._encoder.GetInfo(encoder_pb2.EncoderServiceGetInfoRequest(), timeout=INFO_SECONDS),
            "dit": lambda: self._dit.GetInfo(dit_pb2.DitServiceGetInfoRequest(), timeout=INFO_SECONDS),
            "vae": lambda: self._vae.GetInfo(vae_pb2.VaeServiceGetInfoRequest(), timeout=INFO_SECONDS),
        }
        try:
            if stage == "planner" and self.planner:
                return Replica(stage, self._calls.addresses[stage], await self.planner.info(), "")
            with self._calls.call(stage, "GetInfo"):
                reply = await requests[stage]()
        except QuartetError as error:
            return Replica(stage, self._calls.addresses[stage], None, error.message)
        return Replica(stage, self._calls.addresses[stage], reply.info, "")


def _wavelet_default(defaults: dit_pb2.SamplingDefaults) -> WaveletDefault | None:
    if not defaults.HasField("wavelet_correction"):
        return None
    correction = defaults.wavelet_correction
    return WaveletDefault(
        low=correction.low,
        high=correction.high,
        mode=chosen(WaveletMode, dit_pb2.WaveletMode, correction.mode, "WAVELET_MODE"),
        wavelet=chosen(Wavelet, dit_pb2.Wavelet, correction.wavelet, "WAVELET"),
    )


def _pcm(chunk: vae_pb2.PcmChunk, expected_sample: int) -> Pcm:
    if chunk.first_sample != expected_sample:
        raise broken("vae", f"sent sample {chunk.first_sample} where {expected_sample} was next")
    try:
        return tensors.decode_float32(chunk.pcm, (None, CHANNELS))
    except tensors.TensorError as error:
        raise broken("vae", f"sent PCM that is none: {error}") from None


_CHANNEL_OPTIONS = (
    *message_options(max_sent=MAX_SAMPLE_BYTES),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2000),
)
