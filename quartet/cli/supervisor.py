"""Runs the servers of one machine as child processes: starts in order, restarts what dies, stops, leaves nothing."""

from __future__ import annotations

import asyncio
import signal
import time
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from quartet.cli import lifeline
from quartet.cli.main import CommandError

POLL_SECONDS = 0.05
Report = Callable[[str], None]


@dataclass(frozen=True)
class Patience:
    """How long the supervisor waits and how often it starts a server again; times in seconds.

    A server that has run for `settled` since its last start counts as healthy: its restarts begin anew.
    """

    start: float = 600.0
    grace: float = 10.0
    restarts: int = 5
    first_pause: float = 0.5
    longest_pause: float = 10.0
    settled: float = 60.0


@dataclass(frozen=True)
class Service:
    """A server module and its flags, but for --port and --port-file. Port 0 takes a free one and keeps it."""

    name: str
    module: str
    flags: tuple[str, ...]
    port: int = 0


class Supervised:
    """One service: its process, its port, its log."""

    def __init__(self, service: Service, folder: Path, patience: Patience, report: Report) -> None:
        self.service = service
        self.port = service.port
        self.log = folder / f"{service.name}.log"
        self._port_file = folder / f"{service.name}.port"
        self._patience = patience
        self._report = report
        self._process: Process | None = None
        self._started = 0.0

    async def start(self) -> None:
        """Starts the process and waits until it is ready. Raises CommandError where it ends before."""
        self._started = time.monotonic()
        self._port_file.unlink(missing_ok=True)
        flags = (*self.service.flags, "--port", str(self.port), "--port-file", str(self._port_file))
        with self.log.open("ab") as log:
            # A session of its own keeps Ctrl-C away from it: the supervisor decides in which order servers stop.
            self._process = await asyncio.create_subprocess_exec(
                *lifeline.command(self.service.module, *flags, grace_seconds=self._patience.grace + 5),
                stdin=PIPE,
                stdout=log,
                stderr=STDOUT,
                start_new_session=True,
            )
        try:
            async with asyncio.timeout(self._patience.start):
                await self._ready(self._process)
        except TimeoutError:
            self.kill()
            raise CommandError(
                f"{self.service.name} is not ready after {self._patience.start:g} s; its log is {self.log}"
            ) from None
        seconds = time.monotonic() - self._started
        self._report(f"{self.service.name} is ready on 127.0.0.1:{self.port} ({seconds:.1f} s)")

    async def keep_running(self) -> None:
        """Starts the process again whenever it ends; raises CommandError once it has ended too often."""
        restarts = 0
        while True:
            ended = await self._end()
            if time.monotonic() - self._started > self._patience.settled:
                restarts = 0
            if restarts == self._patience.restarts:
                raise CommandError(f"{ended}; it was started again {restarts} times, its log is {self.log}")
            pause = min(self._patience.longest_pause, self._patience.first_pause * 2**restarts)
            restarts += 1
            self._report(f"{ended}; starting it again ({restarts} of {self._patience.restarts})")
            await asyncio.sleep(pause)
            try:
                await self.start()
            except CommandError as error:
                self._report(str(error))

    async def stop(self) -> None:
        """Asks the process to end, and ends it by force where it does not."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(self._patience.grace + 5):
                await process.wait()
        except TimeoutError:
            self.kill()
            await process.wait()

    def kill(self) -> None:
        """Ends the process at once."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    async def _ready(self, process: Process) -> None:
        while not self._port_file.exists():
            if process.returncode is not None:
                raise CommandError(f"{await self._end()}; its log is {self.log}")
            await asyncio.sleep(POLL_SECONDS)
        self.port = int(self._port_file.read_text())

    async def _end(self) -> str:
        """Waits for the end of the process and says how it came."""
        if self._process is None:
            raise AssertionError("start() comes first")
        status = await self._process.wait()
        how = f"by {signal.Signals(-status).name}" if status < 0 else f"with status {status}"
        reason = error_line(self.log) if status > 0 else ""
        return f"{self.service.name} has ended {how}{': ' + reason if reason else ''}"


class Stack:
    """The stages and the gateway in front of them.

    Args:
        stages: Started together, stopped last.
        gateway: Builds the gateway's service from the ports of the stages, by name.
        folder: Where logs and port files go.
        on_ready: Called with the gateway's port once everything is ready.
    """

    def __init__(
        self,
        stages: Sequence[Service],
        gateway: Callable[[dict[str, int]], Service],
        folder: Path,
        patience: Patience,
        report: Report,
        on_ready: Callable[[int], None],
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._supervise = partial(Supervised, folder=folder, patience=patience, report=report)
        self._stages = [self._supervise(stage) for stage in stages]
        self._build_gateway = gateway
        self._gateway: Supervised | None = None
        self._report = report
        self._on_ready = on_ready

    async def run(self) -> None:
        """Runs until SIGINT, SIGTERM or SIGHUP; a second signal ends everything at once.

        Raises CommandError where a server does not start or ends too often. Nothing is left running, ever.
        """
        work = asyncio.create_task(self._serve())
        signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        loop = asyncio.get_running_loop()
        for signum in signals:
            loop.add_signal_handler(signum, self._on_signal, work)
        try:
            await asyncio.wait([work])
        finally:
            work.cancel()
            await self._stop()
            for signum in signals:
                loop.remove_signal_handler(signum)
        if not work.cancelled() and (error := work.exception()):
            raise error

    def _on_signal(self, work: asyncio.Task[None]) -> None:
        if work.done() or work.cancelling():
            for service in self._all():
                service.kill()
            return
        self._report("stopping")
        work.cancel()

    async def _serve(self) -> None:
        try:
            async with asyncio.TaskGroup() as starting:
                for stage in self._stages:
                    starting.create_task(stage.start())
            self._gateway = self._supervise(self._build_gateway({s.service.name: s.port for s in self._stages}))
            await self._gateway.start()
            self._on_ready(self._gateway.port)
            async with asyncio.TaskGroup() as running:
                for service in self._all():
                    running.create_task(service.keep_running())
        except ExceptionGroup as group:
            expected, others = group.split(CommandError)
            if expected is None or others is not None:
                raise
            raise CommandError("; ".join(str(error) for error in expected.exceptions)) from None

    async def _stop(self) -> None:
        """The gateway first, while the stages can still finish what it waits for."""
        if self._gateway:
            await self._gateway.stop()
        await asyncio.gather(*(stage.stop() for stage in self._stages))

    def _all(self) -> list[Supervised]:
        return [*self._stages, *([self._gateway] if self._gateway else [])]


def error_line(log: Path) -> str:
    """The last line of a log that says what went wrong; empty where there is none."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    told = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    return told[-1] if told else (lines[-1][:300] if lines else "")
