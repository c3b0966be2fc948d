"""`quartet up` as users run it, for benchmarks, and what its processes take."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import psutil

from services.runtime.process_memory import memory_of
from tests.support.processes import stop, wait_for_port_file

START_SECONDS = 600.0


@dataclass(frozen=True)
class Running:
    """A chain that is ready."""

    address: str
    process: psutil.Process

    def core_seconds(self) -> float:
        """CPU time of all its processes so far."""
        return sum(times.user + times.system for times in (process.cpu_times() for process in self._processes()))

    def peaks(self) -> dict[str, int]:
        """The most memory that each server has had, in bytes, by its name."""
        peaks: dict[str, int] = {}
        for process in self._processes():
            module = next((word for word in process.cmdline() if word.startswith(("services.", "gateway"))), "")
            if module:
                peaks[module.removeprefix("services.")] = max(peaks.get(module, 0), memory_of("VmHWM", process.pid))
        return peaks

    def _processes(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]


@contextmanager
def up(models: Path, *flags: str, planner: bool = False) -> Iterator[Running]:
    """Starts the chain on a free port, yields once it is ready, and stops it.

    With `planner` a language model too, where the family has one.
    """
    with tempfile.TemporaryDirectory(prefix="quartet-bench-") as folder:
        port_file, log = Path(folder, "port"), Path(folder, "log")
        own = ("--port", "0", "--port-file", str(port_file), "--data", folder, *(() if planner else ("--no-planner",)))
        command = [sys.executable, "-m", "quartet.cli", "up", "--models", str(models), *own, *flags]
        with _ended_in_order(), log.open("wb") as sink:
            process = subprocess.Popen(command, stdout=sink, stderr=subprocess.STDOUT)  # noqa: S603 (our own program)
            try:
                wait_for_port_file(port_file, process, log, seconds=START_SECONDS)
                yield Running(f"127.0.0.1:{port_file.read_text().strip()}", psutil.Process(process.pid))
            finally:
                stop(process)


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """SIGTERM ends the benchmark as an exception does, so that what it has started is stopped too."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, _: FrameType | None) -> None:
        sys.exit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
