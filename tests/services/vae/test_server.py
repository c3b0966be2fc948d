"""VaeService on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import numpy.typing as npt
import pytest

from quartet import tensors
from quartet.errors import DeadlineError, InvalidRequestError, from_rpc_error
from quartet.v1 import tensor_pb2, vae_pb2, vae_pb2_grpc
from tests.support.processes import running

Stub = vae_pb2_grpc.VaeServiceStub
Pcm = npt.NDArray[np.float32]


@pytest.fixture(scope="module")
def stub(tiny_models: Path) -> Iterator[Stub]:
    """Small windows, so that short items have several."""
    flags = ("--models", str(tiny_models), "--window-frames", "40", "--max-frames", "3000")
    with running("services.vae", *flags) as server, grpc.insecure_channel(server.address) as channel:
        yield vae_pb2_grpc.VaeServiceStub(channel)


def normal(*shape: int) -> Pcm:
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32)


def header(samples: int, **fields: Any) -> vae_pb2.VaeServiceEncodeRequest:
    return vae_pb2.VaeServiceEncodeRequest(header=vae_pb2.EncodeHeader(samples=samples, **fields))


def chunk(first: int, pcm: Pcm) -> vae_pb2.VaeServiceEncodeRequest:
    return vae_pb2.VaeServiceEncodeRequest(chunk=vae_pb2.PcmChunk(first_sample=first, pcm=tensors.encode(pcm)))


def upload(pcm: Pcm, **fields: Any) -> Iterator[vae_pb2.VaeServiceEncodeRequest]:
    yield header(len(pcm), **fields)
    for first in range(0, len(pcm), 48_000):
        yield chunk(first, pcm[first : first + 48_000])


def steps_computed(stub: Stub) -> int:
    return stub.GetInfo(vae_pb2.VaeServiceGetInfoRequest()).info.steps_computed


def test_pcm_comes_in_order_at_most_a_second_at_a_time(stub: Stub) -> None:
    *chunks, last = stub.Decode(vae_pb2.DecodeRequest(latents=tensors.encode(normal(60, 8))))
    lengths = [event.chunk.pcm.shape[0] for event in chunks]
    starts = [event.chunk.first_sample for event in chunks]
    assert starts[0] == 0
    assert all(later == start + length for (start, later), length in zip(pairwise(starts), lengths[:-1], strict=True))
    assert max(lengths) <= 48_000
    assert sum(lengths) == last.result.samples == 60 * 1920
    assert last.result.sample_rate == 48_000


def test_the_same_latents_give_the_same_bytes(stub: Stub) -> None:
    request = vae_pb2.DecodeRequest(latents=tensors.encode(normal(60, 8)))
    first, second = ([event.chunk for event in stub.Decode(request)] for _ in range(2))
    assert first == second


def test_latents_of_a_recording(stub: Stub) -> None:
    reply = stub.Encode(upload(normal(1920 * 60 + 700, 2)))
    assert tensors.decode(reply.latents).shape == (60, 8)
    assert reply.report.model.id == "vae"


def test_the_posterior_is_sampled_only_with_a_seed(stub: Stub) -> None:
    pcm = normal(1920 * 10, 2)
    mean, again = (stub.Encode(upload(pcm)).latents for _ in range(2))
    one, same, other = (stub.Encode(upload(pcm, posterior_seed=seed)).latents for seed in (1, 1, 2))
    assert mean == again
    assert one == same
    assert len({mean.data, one.data, other.data}) == 3


NAN = np.full((1920, 2), np.nan, np.float32)
OK = normal(1920, 2)


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        ([], "header"),
        ([chunk(0, OK)], "header"),
        ([header(1919)], "header.samples"),
        ([header(3000 * 1920 + 1)], "header.samples"),
        ([header(1920), header(1920)], "chunk"),
        ([header(1920), chunk(5, OK)], "chunk.first_sample"),
        ([header(1920), chunk(0, normal(1921, 2))], "chunk.pcm"),
        ([header(96_000), chunk(0, normal(48_001, 2))], "chunk.pcm"),
        ([header(1920), chunk(0, normal(1920, 1))], "chunk.pcm"),
        ([header(1920), chunk(0, NAN)], "chunk.pcm"),
        ([header(3840), chunk(0, OK)], "header.samples"),
    ],
)
def test_uploads_that_cannot_be(stub: Stub, parts: list[vae_pb2.VaeServiceEncodeRequest], field: str) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        stub.Encode(iter(parts))
    error = from_rpc_error(refused.value)
    assert isinstance(error, InvalidRequestError)
    assert [violation.field for violation in error.violations] == [field]


@pytest.mark.parametrize(
    "latents",
    [
        tensors.encode(normal(0, 8)),
        tensors.encode(normal(3001, 8)),
        tensors.encode(normal(10, 7)),
        tensors.encode(np.full((2, 8), np.inf, np.float32)),
        tensor_pb2.Tensor(dtype=tensor_pb2.D_TYPE_F32, shape=[10, 8], data=b"short"),
        tensor_pb2.Tensor(dtype=99, shape=[1], data=b"x"),  # type: ignore[arg-type]
    ],
)
def test_latents_that_cannot_be(stub: Stub, latents: tensor_pb2.Tensor) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        list(stub.Decode(vae_pb2.DecodeRequest(latents=latents)))
    error = from_rpc_error(refused.value)
    assert [violation.field for violation in error.violations] == ["latents"]


def test_a_cancelled_call_stops_within_a_window(stub: Stub) -> None:
    """The second call waits for the thread that served the first: what it finds counted is final."""
    before = steps_computed(stub)
    call = stub.Decode(vae_pb2.DecodeRequest(latents=tensors.encode(normal(3000, 8))))
    next(iter(call))
    call.cancel()  # type: ignore[no-untyped-call]
    list(stub.Decode(vae_pb2.DecodeRequest(latents=tensors.encode(normal(1, 8)))))
    assert 1 <= steps_computed(stub) - before - 1 < 3000 // 16


def test_a_deadline_that_cannot_be_met_is_refused_at_once(stub: Stub) -> None:
    list(stub.Decode(vae_pb2.DecodeRequest(latents=tensors.encode(normal(60, 8)))))
    before = steps_computed(stub)
    with pytest.raises(grpc.RpcError) as refused:
        list(stub.Decode(vae_pb2.DecodeRequest(latents=tensors.encode(normal(3000, 8))), timeout=0.1))
    assert isinstance(from_rpc_error(refused.value), DeadlineError)
    assert steps_computed(stub) == before
