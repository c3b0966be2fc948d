"""Where lyrics are sung, asked of DitService on loopback."""

from __future__ import annotations

from typing import Any

import grpc
import numpy as np
import pytest

from quartet import tensors
from quartet.errors import InvalidRequestError, NotFoundError, from_rpc_error
from quartet.v1 import dit_pb2, tensor_pb2
from tests.services.dit.calls import NAN, Stub, normal


def align_request(**fields: Any) -> dit_pb2.AlignRequest:
    given = {"condition": normal(20, 32), "latents": normal(131, 8, seed=1), "lyric_tokens": 6, "seed": 42}
    return dit_pb2.AlignRequest(**{**given, **fields})


def test_alignment_is_a_share_for_each_lyric_token_and_moment(stub: Stub) -> None:
    reply = stub.Align(align_request())
    attention = tensors.decode(reply.alignment, (6, 66))
    assert attention.dtype == np.float16
    assert (attention > 0).all()
    assert (attention.sum(axis=0) < 1).all()
    assert reply.frames_per_moment == 2
    assert reply.report.model.id == "acestep-v15-turbo"
    every_token = tensors.decode(stub.Align(align_request(lyric_tokens=20)).alignment)
    np.testing.assert_allclose(every_token.sum(axis=0, dtype=np.float64), 1, atol=2e-3)
    np.testing.assert_array_equal(every_token[:6], attention)


@pytest.mark.parametrize(
    "fields",
    [
        {"latents": normal(131, 8, seed=2)},
        {"condition": normal(20, 32, seed=3)},
        {"seed": 43},
        {"noise_level": 0.5},
        {"source_latents": normal(100, 8, seed=3)},
        {"mask": tensors.encode(np.arange(131) < 60)},
    ],
    ids=["latents", "condition", "seed", "noise level", "source", "mask"],
)
def test_alignment_depends_on_all_that_it_is_given(stub: Stub, fields: dict[str, Any]) -> None:
    assert stub.Align(align_request(**fields)).alignment != stub.Align(align_request()).alignment


def test_alignment_hears_silence_where_the_source_is_silenced(stub: Stub) -> None:
    source = normal(131, 8, seed=3)
    heard, partly, not_at_all = (
        stub.Align(align_request(source_latents=source, silenced=tensors.encode(np.arange(131) >= audible))).alignment
        for audible in (131, 60, 0)
    )
    assert heard == stub.Align(align_request(source_latents=source)).alignment
    assert not_at_all == stub.Align(align_request()).alignment
    assert partly not in (heard, not_at_all)


def test_the_noise_level_of_alignment_follows_the_models_steps(stub: Stub) -> None:
    assert stub.Align(align_request(noise_level=1 / 8)).alignment == stub.Align(align_request()).alignment


@pytest.mark.parametrize(
    ("fields", "invalid"),
    [
        ({"latents": tensor_pb2.Tensor()}, {"latents"}),
        ({"latents": normal(0, 8)}, {"latents"}),
        ({"latents": normal(15_001, 8)}, {"latents"}),
        ({"latents": normal(131, 9)}, {"latents"}),
        ({"latents": tensors.encode(np.full((131, 8), NAN, np.float32))}, {"latents"}),
        ({"condition": tensor_pb2.Tensor()}, {"condition"}),
        ({"condition": normal(20, 33)}, {"condition"}),
        ({"condition": normal(4097, 32)}, {"condition"}),
        ({"lyric_tokens": 0}, {"lyric_tokens"}),
        ({"lyric_tokens": 21}, {"lyric_tokens"}),
        ({"condition": normal(3000, 32), "lyric_tokens": 3000, "latents": normal(15_000, 8)}, {"lyric_tokens"}),
        ({"noise_level": 0}, {"noise_level"}),
        ({"noise_level": 1.1}, {"noise_level"}),
        ({"noise_level": NAN}, {"noise_level"}),
        ({"source_latents": normal(132, 8)}, {"source_latents"}),
        ({"mask": tensors.encode(np.ones(130, bool))}, {"mask"}),
        ({"silenced": tensors.encode(np.ones(130, bool))}, {"silenced"}),
        (
            {"latents": normal(131, 9), "lyric_tokens": 99, "noise_level": -1},
            {"latents", "lyric_tokens", "noise_level"},
        ),
    ],
)
def test_what_cannot_be_aligned_is_named(stub: Stub, fields: dict[str, Any], invalid: set[str]) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        stub.Align(align_request(**fields))
    error = from_rpc_error(refused.value)
    assert isinstance(error, InvalidRequestError)
    assert {violation.field for violation in error.violations} == invalid


def test_alignment_of_an_unknown_model(stub: Stub) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        stub.Align(align_request(model="other"))
    assert isinstance(from_rpc_error(refused.value), NotFoundError)
