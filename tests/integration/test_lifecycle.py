"""Every stage server: ready only when it can serve, drains on SIGTERM, and fails to start with one clear line."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import grpc
import numpy as np
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from quartet import tensors
from quartet.v1 import vae_pb2, vae_pb2_grpc
from tests.support.processes import running

STAGES = {
    "encoder": "quartet.v1.EncoderService",
    "dit": "quartet.v1.DitService",
    "vae": "quartet.v1.VaeService",
}


@pytest.fixture(params=STAGES)
def stage(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def address_of(stage: str, request: pytest.FixtureRequest) -> str:
    address: str = request.getfixturevalue(f"{stage}_address")
    return address


def test_health_says_serving(stage: str, request: pytest.FixtureRequest) -> None:
    with grpc.insecure_channel(address_of(stage, request)) as channel:
        stub = health_pb2_grpc.HealthStub(channel)  # type: ignore[no-untyped-call]
        for service in ("", STAGES[stage]):
            reply = stub.Check(health_pb2.HealthCheckRequest(service=service))
            assert reply.status == health_pb2.HealthCheckResponse.SERVING


def test_reflection_lists_the_services(stage: str, request: pytest.FixtureRequest) -> None:
    with grpc.insecure_channel(address_of(stage, request)) as channel:
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)  # type: ignore[no-untyped-call]
        asked = iter([reflection_pb2.ServerReflectionRequest(list_services="")])
        listed = {s.name for reply in stub.ServerReflectionInfo(asked) for s in reply.list_services_response.service}
    assert {STAGES[stage], "grpc.health.v1.Health"} <= listed


def test_help_names_every_setting(stage: str) -> None:
    text = subprocess.run(
        [sys.executable, "-m", f"services.{stage}", "--help"], capture_output=True, text=True, check=True
    ).stdout
    for flag in ("--models", "--host", "--port", "--device", "--dtype", "--grace-seconds", "--otlp-endpoint"):
        assert flag in text
    assert f"QUARTET_{stage.upper()}_MODELS" in text


def fails_to_start(stage: str, *flags: str) -> str:
    """The one line that a server writes when it cannot start."""
    ended = subprocess.run(
        [sys.executable, "-m", f"services.{stage}", *flags], capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    return ended.stderr.strip().splitlines()[-1]


def test_a_port_in_use(stage: str, tiny_models: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        complaint = fails_to_start(stage, "--models", str(tiny_models), "--port", str(port))
    assert complaint.startswith(f"error: cannot listen on 127.0.0.1:{port}")


def test_models_that_are_not_there(stage: str, tmp_path: Path) -> None:
    complaint = fails_to_start(stage, "--models", str(tmp_path / "nowhere"))
    assert str(tmp_path / "nowhere") in complaint
    assert "there is no such file" in complaint


def test_a_bad_setting(stage: str) -> None:
    assert "--dtype" in fails_to_start(stage, "--dtype", "float8")


def test_sigterm_lets_running_work_finish_and_takes_no_more(tiny_models: Path) -> None:
    latents = np.random.default_rng(0).standard_normal((1500, 8)).astype(np.float32)
    with running("services.vae", "--models", str(tiny_models), "--window-frames", "64") as server:
        with grpc.insecure_channel(server.address) as channel:
            stub = vae_pb2_grpc.VaeServiceStub(channel)
            stream = iter(stub.Decode(vae_pb2.DecodeRequest(latents=tensors.encode(latents))))
            events = [next(stream)]
            server.process.send_signal(signal.SIGTERM)
            with grpc.insecure_channel(server.address, options=[("grpc.use_local_subchannel_pool", 1)]) as other:
                late = vae_pb2_grpc.VaeServiceStub(other)
                refusal = None
                while refusal is None:
                    try:
                        late.GetInfo(vae_pb2.VaeServiceGetInfoRequest(), timeout=20)
                    except grpc.RpcError as error:
                        refusal = error.code()
            events += list(stream)
        # A call that comes in the very moment of the shutdown is cancelled; the gateway takes both for the same.
        assert refusal in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)
        assert events[-1].result.samples == 1500 * 1920
        assert server.process.wait(30) == 0
