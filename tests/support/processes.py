"""Real server processes on loopback, for tests."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

READY_SECONDS = 60.0


@dataclass(frozen=True)
class Server:
    """A server that is ready."""

    address: str
    process: subprocess.Popen[bytes]
    log: Path


# Starts a server with some flags more.
Start = Callable[..., AbstractContextManager[Server]]


@contextmanager
def running(module: str, *flags: str, env: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Starts `python -m module` on a free port, yields once it is ready, and stops it with SIGTERM."""
    with tempfile.TemporaryDirectory(prefix="quartet-test-") as folder:
        port_file, log = Path(folder, "port"), Path(folder, "log")
        command = [sys.executable, "-m", module, "--port-file", str(port_file), *flags]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", **(env or {})}
        with log.open("wb") as sink:
            process = subprocess.Popen(command, env=environment, stdout=sink, stderr=subprocess.STDOUT)
        try:
            wait_for_port_file(port_file, process, log)
            yield Server(f"127.0.0.1:{port_file.read_text().strip()}", process, log)
        finally:
            stop(process)


def wait_for_port_file(
    port_file: Path, process: subprocess.Popen[bytes], log: Path, seconds: float = READY_SECONDS
) -> None:
    """Returns once a server has announced its port; fails with its log where it ends before."""
    waited = 0.0
    while not port_file.exists():
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            waited += 0.05
        else:
            raise AssertionError(f"the server ended with status {process.returncode}:\n{log.read_text()}")
        assert waited < seconds, f"the server is not ready after {seconds} s:\n{log.read_text()}"


def wait_until(holds: Callable[[], bool]) -> None:
    """Asks until it holds. Fails rather than asks forever."""
    deadline = time.monotonic() + READY_SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"not so after {READY_SECONDS} s"


def stop(process: subprocess.Popen[bytes]) -> int:
    """Stops a process with SIGTERM, or SIGKILL where that does not help, and returns its status."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            process.kill()
    return process.wait()
