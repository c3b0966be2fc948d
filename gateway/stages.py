"""Typed clients of the stage services. Every call has a deadline, a span, and errors that name the stage."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, Self, TypeVar

import grpc
import grpc.aio
import numpy as np
import numpy.typing as npt
from opentelemetry.trace import SpanKind

from gateway.requests import ModelOffer, WaveletDefault
from gateway.results import ModelUsed
from quartet import tensors
from quartet.errors import (
    CancelledError,
    DeadlineError,
    InternalError,
    QuartetError,
    UnavailableError,
    from_rpc_error,
    has_details,
)
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
from serving.server import CHANNEL_OPTIONS
from serving.telemetry import Telemetry, outgoing_metadata

Pcm = npt.NDArray[np.float32]
T = TypeVar("T")
INFO_SECONDS = 5.0
PCM_CHUNK_SAMPLES = 48_000
CHANNELS = 2


@dataclass(frozen=True)
class Report:
    """How a stage call went; times in nanoseconds."""

    queue_ns: int
    compute_ns: int
    model: ModelUsed

    @classmethod
    def of(cls, message: stage_pb2.StageReport) -> Self:
        """From the message."""
        model = message.model
        used = ModelUsed(model.id, model.revision, model.compute_dtype, model.device)
        return cls(message.queue_ns, message.compute_ns, used)


@dataclass(frozen=True)
class Condition:
    """What the encoder made of a prompt. The tensors travel on to the DiT as they are."""

    condition: tensor_pb2.Tensor
    null_condition: tensor_pb2.Tensor
    warnings: tuple[str, ...]
    report: Report


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
class Replica:
    """A stage server as it answers now; `info` is None where it does not."""

    stage: str
    address: str
    info: stage_pb2.StageInfo | None
    problem: str


class Stages:
    """The stages behind the gateway."""

    def __init__(self, addresses: dict[str, str], channels: dict[str, grpc.aio.Channel], telemetry: Telemetry) -> None:
        self._addresses = addresses
        self._telemetry = telemetry
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
            yield cls(addresses, channels, telemetry)

    async def encode_prompt(
        self, song: SongSpec, reference: tensor_pb2.Tensor | None, seconds_left: float
    ) -> Condition:
        """The condition of a song's words."""
        request = encoder_pb2.EncodeRequest(
            model=song.model,
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
        with self._call("encoder", "Encode"):
            reply = await self._encoder.Encode(request, timeout=seconds_left, metadata=outgoing_metadata())
        cut = {"caption": reply.text_truncated, "lyrics": reply.lyrics_truncated}
        return Condition(
            condition=reply.condition,
            null_condition=reply.null_condition,
            warnings=tuple(f"{words}: longer than the model reads, cut" for words, is_cut in cut.items() if is_cut),
            report=Report.of(reply.report),
        )

    async def sample(
        self, song: SongSpec, condition: Condition, frames: int, seed: int, seconds_left: float
    ) -> AsyncGenerator[Step | Latents, None]:
        """Steps, then the latents of one item."""
        sampling = song.to_message().sampling
        request = dit_pb2.SampleRequest(
            model=song.model,
            condition=condition.condition,
            null_condition=condition.null_condition,
            frames=frames,
            seed=seed,
            schedule=sampling.schedule,
            method=sampling.method,
            guidance=sampling.guidance,
            wavelet_correction=sampling.wavelet_correction if sampling.HasField("wavelet_correction") else None,
        )
        with self._call("dit", "Sample"):
            call = self._dit.Sample(request, timeout=seconds_left, metadata=outgoing_metadata())
            async with _cancelled_on_leaving(call):
                async for response in call:
                    if response.HasField("progress"):
                        yield Step(response.progress.step, response.progress.steps)
                    elif response.HasField("result"):
                        result = response.result
                        report = Report.of(result.report)
                        yield Latents(result.latents, tuple(result.timesteps), tuple(result.warnings), report)

    async def decode(self, latents: tensor_pb2.Tensor, seconds_left: float) -> AsyncGenerator[Pcm | Decoded, None]:
        """PCM [samples, channels] in order, then the end."""
        request = vae_pb2.DecodeRequest(latents=latents)
        samples = 0
        with self._call("vae", "Decode"):
            call = self._vae.Decode(request, timeout=seconds_left, metadata=outgoing_metadata())
            async with _cancelled_on_leaving(call):
                async for response in call:
                    if response.HasField("chunk"):
                        pcm = _pcm(response.chunk, samples)
                        samples += len(pcm)
                        yield pcm
                    elif response.HasField("result"):
                        result = response.result
                        if result.samples != samples:
                            raise _broken("vae", f"announces {result.samples} samples after sending {samples}")
                        yield Decoded(result.samples, result.sample_rate, Report.of(result.report))

    async def encode_audio(self, pcm: Pcm, seed: int, seconds_left: float) -> tuple[tensor_pb2.Tensor, Report]:
        """Latents of 48 kHz PCM [samples, 2], drawn from the posterior with a seed."""

        def parts() -> Iterator[vae_pb2.VaeServiceEncodeRequest]:
            yield vae_pb2.VaeServiceEncodeRequest(header=vae_pb2.EncodeHeader(samples=len(pcm), posterior_seed=seed))
            for start in range(0, len(pcm), PCM_CHUNK_SAMPLES):
                part = tensors.encode(pcm[start : start + PCM_CHUNK_SAMPLES])
                yield vae_pb2.VaeServiceEncodeRequest(chunk=vae_pb2.PcmChunk(first_sample=start, pcm=part))

        with self._call("vae", "Encode"):
            reply = await self._vae.Encode(parts(), timeout=seconds_left, metadata=outgoing_metadata())
        return reply.latents, Report.of(reply.report)

    async def offers(self) -> tuple[tuple[ModelOffer, ...], dit_pb2.DitServiceGetInfoResponse]:
        """DiT models that can be asked for now, and the DiT's own words on them."""
        with self._call("dit", "GetInfo"):
            reply = await self._dit.GetInfo(dit_pb2.DitServiceGetInfoRequest(), timeout=INFO_SECONDS)
        limits = {limit.name: limit.value for limit in reply.info.limits}
        offers = tuple(
            ModelOffer(
                id=model.id,
                min_seconds=limits["min_seconds"],
                max_seconds=limits["max_seconds"],
                wavelet_correction=(
                    WaveletDefault(defaults.wavelet_correction.low, defaults.wavelet_correction.high)
                    if defaults.HasField("wavelet_correction")
                    else None
                ),
            )
            for model, defaults in zip(reply.info.models, reply.defaults, strict=True)
        )
        return offers, reply

    async def replica(self, stage: str) -> Replica:
        """A stage server as it answers now."""
        requests: dict[str, Callable[[], Any]] = {
            "encoder": lambda: self._encoder.GetInfo(encoder_pb2.EncoderServiceGetInfoRequest(), timeout=INFO_SECONDS),
            "dit": lambda: self._dit.GetInfo(dit_pb2.DitServiceGetInfoRequest(), timeout=INFO_SECONDS),
            "vae": lambda: self._vae.GetInfo(vae_pb2.VaeServiceGetInfoRequest(), timeout=INFO_SECONDS),
        }
        try:
            with self._call(stage, "GetInfo"):
                reply = await requests[stage]()
        except QuartetError as error:
            return Replica(stage, self._addresses[stage], None, error.message)
        return Replica(stage, self._addresses[stage], reply.info, "")

    @contextmanager
    def _call(self, stage: str, method: str) -> Iterator[None]:
        """Around every stage call: its span, and errors that name the stage. Retries will find their place here."""
        try:
            with self._telemetry.span(f"{stage}.{method}", kind=SpanKind.CLIENT, attributes={"quartet.stage": stage}):
                yield
        except grpc.aio.AioRpcError as error:
            raise self._named(stage, error) from None

    def _named(self, stage: str, error: grpc.aio.AioRpcError) -> QuartetError:
        known = from_rpc_error(error)
        where = f"the {stage} stage at {self._addresses[stage]}"
        if isinstance(known, CancelledError):  # nobody here cancelled: a stage that shuts down ends its calls so
            known = UnavailableError(f"{where} ended the call", reason="STAGE_UNAVAILABLE")
        elif isinstance(known, UnavailableError) and not has_details(error):
            known = UnavailableError(f"{where} does not answer", reason="STAGE_UNAVAILABLE")
        elif isinstance(known, DeadlineError) and not has_details(error):
            known = DeadlineError(f"{where} had not finished when the job's deadline passed")
        known.metadata.setdefault("stage", stage)
        return known


def _pcm(chunk: vae_pb2.PcmChunk, expected_sample: int) -> Pcm:
    if chunk.first_sample != expected_sample:
        raise _broken("vae", f"sent sample {chunk.first_sample} where {expected_sample} was next")
    try:
        return tensors.decode_float32(chunk.pcm, (None, CHANNELS))
    except tensors.TensorError as error:
        raise _broken("vae", f"sent PCM that is none: {error}") from None


def _broken(stage: str, what: str) -> InternalError:
    return InternalError(f"the {stage} stage {what}", reason="STAGE_BROKEN", metadata={"stage": stage})


@asynccontextmanager
async def _cancelled_on_leaving(call: Any) -> AsyncIterator[None]:
    """Whoever stops reading a stream stops the stage's compute too."""
    try:
        yield
    finally:
        call.cancel()


_CHANNEL_OPTIONS = (
    *CHANNEL_OPTIONS,
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2000),
)
