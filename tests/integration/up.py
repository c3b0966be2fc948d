"""`quartet up` as a test starts it: free ports, tiny models, a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
import psutil

from quartet import Client
from quartet.v1 import dit_pb2, dit_pb2_grpc
from tests.support.processes import READY_SECONDS, stop, wait_for_port_file


@dataclass(frozen=True)
class Up:
    """A running `quartet up`. `log` holds what it prints."""

    address: str
    process: subprocess.Popen[bytes]
    log: Path

    def servers(self) -> dict[str, psutil.Process]:
        """Its child processes by module name."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        named = {self._module(child): child for child in children}
        return {name: child for name, child in named.items() if name}

    def printed(self, text: str) -> int:
        """How many lines hold a text."""
        return sum(text in line for line in self.log.read_text().splitlines())

    def wait_until_printed(self, text: str, times: int = 1) -> None:
        """Returns once so many lines hold a text; fails with all that was printed where it ends or takes too long."""
        waited = 0.0
        while self.printed(text) < times:
            try:
                self.process.wait(0.05)
            except subprocess.TimeoutExpired:
                waited += 0.05
            else:
                raise AssertionError(f"`quartet up` has ended:\n{self.log.read_text()}")
            assert waited < READY_SECONDS, self.log.read_text()

    def sampler_steps(self) -> int:
        """Network evaluations of the DiT since its start."""
        with Client(self.address) as client:
            address = next(replica.address for replica in client.capacity().replicas if replica.stage == "dit")
        with grpc.insecure_channel(address) as channel:
            info = dit_pb2_grpc.DitServiceStub(channel).GetInfo(dit_pb2.DitServiceGetInfoRequest()).info
        return int(info.steps_computed)

    @staticmethod
    def _module(process: psutil.Process) -> str:
        known = ("services.planner", "services.encoder", "services.dit", "services.vae", "gateway")
        return next((part for part in process.cmdline() if part in known), "")


@contextmanager
def quartet_up(models: Path, folder: Path) -> Iterator[Up]:
    """Starts everything, yields once the gateway is ready, and stops it."""
    port_file, log = folder / "port", folder / "up.log"
    flags = ("--models", str(models), "--data", str(folder / "data"), "--port", "0", "--port-file", str(port_file))
    command = [sys.executable, "-m", "quartet.cli", "up", "--threads", "1", *flags]
    with log.open("wb") as sink:
        process = subprocess.Popen(
            command, stdout=sink, stderr=subprocess.STDOUT, env={**os.environ, "OMP_NUM_THREADS": "1"}
        )
    try:
        wait_for_port_file(port_file, process, log)
        yield Up(f"127.0.0.1:{port_file.read_text().strip()}", process, log)
    finally:
        stop(process)
