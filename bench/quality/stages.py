"""The stages by themselves, for what the gateway does not offer: codec, audio codes and bare plans."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Self

import grpc
import numpy as np

from bench.quality.recordings import Floats, recording_of, resampled
from quartet import tensors
from quartet.cli.audio import Recording
from quartet.errors import from_rpc_error
from quartet.exchange import CHANNEL_OPTIONS
from quartet.planning import Blueprint
from quartet.v1 import (
    encoder_pb2,
    encoder_pb2_grpc,
    planner_pb2,
    planner_pb2_grpc,
    tensor_pb2,
    vae_pb2,
    vae_pb2_grpc,
)

REQUIRED = ("encoder", "vae")
_CALL_SECONDS = 3600.0


class NotOfferedError(Exception):
    """Something that the servers do not do, in a sentence."""


@dataclass(frozen=True)
class Codec:
    """Sample rate and samples per latent frame of the codec."""

    rate: int
    hop: int


class Stages:
    """Calls of stage servers. Latents are [frames, channels]; raises the errors of `quartet.errors`."""

    def __init__(self, channels: Mapping[str, grpc.Channel]) -> None:
        self._encoder = encoder_pb2_grpc.EncoderServiceStub(channels["encoder"])
        self._vae = vae_pb2_grpc.VaeServiceStub(channels["vae"])
        self._planner = planner_pb2_grpc.PlannerServiceStub(channels["planner"]) if "planner" in channels else None
        with _typed():
            info = self._vae.GetInfo(vae_pb2.VaeServiceGetInfoRequest(), timeout=_CALL_SECONDS)
        self.codec = Codec(info.sample_rate, info.hop)

    @classmethod
    @contextmanager
    def connected(cls, addresses: Mapping[str, str]) -> Iterator[Self]:
        """For addresses (host:port) by stage. Raises NotOfferedError where one other than the planner is missing."""
        if missing := [stage for stage in REQUIRED if stage not in addresses]:
            raise NotOfferedError(f"no {' and '.join(missing)} answers")
        with ExitStack() as stack:
            channels = {
                stage: stack.enter_context(grpc.insecure_channel(address, options=CHANNEL_OPTIONS))
                for stage, address in addresses.items()
            }
            yield cls(channels)

    @property
    def plans(self) -> bool:
        """Whether there is a planner."""
        return self._planner is not None

    def latents(self, recording: Recording) -> Floats:
        """The posterior's mean of a recording of any rate; what does not fill a frame is left out."""
        pcm = resampled(recording, self.codec.rate).samples

        def parts() -> Iterator[vae_pb2.VaeServiceEncodeRequest]:
            yield vae_pb2.VaeServiceEncodeRequest(header=vae_pb2.EncodeHeader(samples=len(pcm)))
            for start in range(0, len(pcm), self.codec.rate):
                part = tensors.encode(pcm[start : start + self.codec.rate])
                yield vae_pb2.VaeServiceEncodeRequest(chunk=vae_pb2.PcmChunk(first_sample=start, pcm=part))

        with _typed():
            return _floats(self._vae.Encode(parts(), timeout=_CALL_SECONDS).latents)

    def sound(self, latents: Floats) -> Recording:
        """What latents sound like, at the codec's rate."""
        request = vae_pb2.DecodeRequest(latents=tensors.encode(latents))
        with _typed():
            answers = list(self._vae.Decode(request, timeout=_CALL_SECONDS))
        parts = [_floats(answer.chunk.pcm) for answer in answers if answer.HasField("chunk")]
        return recording_of(np.concatenate(parts), self.codec.rate)

    def codes(self, latents: Floats) -> Sequence[int]:
        """Audio codes, five a second."""
        request = encoder_pb2.TokenizeRequest(latents=tensors.encode(latents))
        with _typed():
            return self._encoder.Tokenize(request, timeout=_CALL_SECONDS).codes

    def hints(self, codes: Sequence[int]) -> Floats:
        """Latents that audio codes stand for."""
        with _typed():
            reply = self._encoder.Detokenize(encoder_pb2.DetokenizeRequest(codes=codes), timeout=_CALL_SECONDS)
        return _floats(reply.latents)

    def plan(self, given: Blueprint, seed: int) -> Blueprint:
        """What the planner adds to words: metadata alone. Raises NotOfferedError without a planner."""
        if self._planner is None:
            raise NotOfferedError("the family has no planner")
        request = planner_pb2.PlanRequest(
            given=given.to_message(), detect_language=True, sampling=planner_pb2.TokenSampling(seed=seed)
        )
        with _typed():
            answers = list(self._planner.Plan(request, timeout=_CALL_SECONDS))
        return Blueprint.from_message(answers[-1].result.blueprint)


@contextmanager
def _typed() -> Iterator[None]:
    try:
        yield
    except grpc.RpcError as error:
        raise from_rpc_error(error) from None


def _floats(message: tensor_pb2.Tensor) -> Floats:
    return tensors.decode_float32(message, (None, None))
