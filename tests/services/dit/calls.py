"""Calls of DitService in the tests of its server."""

from __future__ import annotations

from typing import Any

import grpc
import numpy as np
import pytest

from quartet import tensors
from quartet.errors import InvalidRequestError, from_rpc_error
from quartet.v1 import dit_pb2, dit_pb2_grpc, tensor_pb2

Stub = dit_pb2_grpc.DitServiceStub
NAN = float("nan")


def normal(*shape: int, seed: int = 0) -> tensor_pb2.Tensor:
    return tensors.encode(np.random.default_rng(seed).standard_normal(shape).astype(np.float32))


def request(**fields: Any) -> dit_pb2.SampleRequest:
    return dit_pb2.SampleRequest(**{"condition": normal(20, 32), "frames": 130, "seed": 7, **fields})


def result(stub: Stub, **fields: Any) -> dit_pb2.SampleResult:
    *_, last = stub.Sample(request(**fields))
    return last.result


def violations(stub: Stub, **fields: Any) -> set[str]:
    with pytest.raises(grpc.RpcError) as refused:
        list(stub.Sample(request(**fields)))
    error = from_rpc_error(refused.value)
    assert isinstance(error, InvalidRequestError)
    return {violation.field for violation in error.violations}


def steps_computed(stub: Stub) -> int:
    return stub.GetInfo(dit_pb2.DitServiceGetInfoRequest()).info.steps_computed
