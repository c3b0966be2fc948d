"""A stub of the tiny turbo model's server."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
import pytest

from quartet.v1 import dit_pb2_grpc
from tests.services.dit.calls import Stub


@pytest.fixture
def stub(dit_address: str) -> Iterator[Stub]:
    with grpc.insecure_channel(dit_address) as channel:
        yield dit_pb2_grpc.DitServiceStub(channel)
