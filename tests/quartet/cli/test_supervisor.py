"""The supervisor over real child processes: order, restarts, giving up, and never an orphan."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from quartet.cli.lifeline import command
from quartet.cli.main import CommandError
from quartet.cli.supervisor import Patience, Service, Stack, Supervised, error_line

QUICK = Patience(start=30, grace=60, restarts=2, first_pause=0.01, longest_pause=0.02)
SERVER = "tests.quartet.cli.small_server"


def service(name: str, *flags: str) -> Service:
    return Service(name, SERVER, flags)


async def reported(lines: asyncio.Queue[str], text: str) -> str:
    while True:
        if text in (line := await asyncio.wait_for(lines.get(), 30)):
            return line


def pids(folder: Path) -> dict[str, int]:
    return {path.stem: int(path.read_text()) for path in folder.glob("*.pid")}


class Running:
    """A stack of two stages and a gateway, with what it reports."""

    def __init__(self, folder: Path, *stage_flags: str) -> None:
        self.folder = folder
        self.lines: asyncio.Queue[str] = asyncio.Queue()
        self.ready: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        stack = Stack(
            [service("one", *stage_flags), service("two")],
            lambda ports: service("gateway", *(f"--{name}={port}" for name, port in ports.items())),
            folder,
            QUICK,
            self.lines.put_nowait,
            self.ready.set_result,
        )
        self.task = asyncio.create_task(stack.run())

    async def all_ready(self) -> int:
        self.task.add_done_callback(lambda task: self.ready.done() or self.ready.cancel())
        return await asyncio.wait_for(self.ready, 30)

    def stopped(self) -> bool:
        return not any(psutil.pid_exists(pid) for pid in pids(self.folder).values())


async def test_the_gateway_starts_last_and_one_signal_stops_everything(tmp_path: Path) -> None:
    running = Running(tmp_path)
    assert await running.all_ready() > 0
    started = [running.lines.get_nowait().split()[0] for _ in range(3)]
    assert started[-1] == "gateway"
    os.kill(os.getpid(), signal.SIGINT)
    await running.task
    assert len(pids(tmp_path)) == 3
    assert running.stopped()
    stops = (tmp_path / "stops").read_text().split()
    assert stops[0] == "gateway"
    assert set(stops) == {"gateway", "one", "two"}


async def test_a_killed_server_is_reported_and_comes_back_on_its_port(tmp_path: Path) -> None:
    running = Running(tmp_path)
    await running.all_ready()
    before, port = pids(tmp_path)["two"], (tmp_path / "two.port").read_text()
    os.kill(before, signal.SIGKILL)
    assert "two has ended by SIGKILL; starting it again (1 of 2)" in await reported(running.lines, "has ended")
    await reported(running.lines, "two is ready")
    assert pids(tmp_path)["two"] != before
    assert (tmp_path / "two.port").read_text() == port
    os.kill(os.getpid(), signal.SIGTERM)
    await running.task
    assert running.stopped()


async def test_a_server_that_ends_again_and_again_ends_the_stack(tmp_path: Path) -> None:
    running = Running(tmp_path)
    await running.all_ready()
    (tmp_path / "two.broken").touch()
    os.kill(pids(tmp_path)["two"], signal.SIGKILL)
    with pytest.raises(CommandError, match=r"two has ended with status 1: it is broken; it was started again 2 times"):
        await running.task
    assert running.stopped()


async def test_a_server_that_does_not_start_ends_the_stack_at_once(tmp_path: Path) -> None:
    (tmp_path / "one.broken").touch()
    running = Running(tmp_path)
    with pytest.raises(CommandError, match=r"one has ended with status 1: it is broken; its log is"):
        await running.task
    assert running.stopped()


async def test_a_signal_during_the_start_stops_what_has_started(tmp_path: Path) -> None:
    running = Running(tmp_path, "--never-ready")
    await reported(running.lines, "two is ready")
    os.kill(os.getpid(), signal.SIGINT)
    await running.task
    assert running.stopped()


async def test_a_second_signal_ends_servers_that_do_not_stop(tmp_path: Path) -> None:
    running = Running(tmp_path, "--stubborn")
    await running.all_ready()
    os.kill(os.getpid(), signal.SIGINT)
    await reported(running.lines, "stopping")
    os.kill(os.getpid(), signal.SIGINT)
    await asyncio.wait_for(running.task, 30)
    assert running.stopped()


async def test_a_server_that_is_never_ready_is_given_up(tmp_path: Path) -> None:
    patience = Patience(start=0.5, grace=5)
    supervised = Supervised(service("one", "--never-ready"), tmp_path, patience, lambda line: None)
    with pytest.raises(CommandError, match=r"one is not ready after 0\.5 s"):
        await supervised.start()
    await supervised.stop()


def test_a_child_ends_with_its_parent_even_by_sigkill(tmp_path: Path) -> None:
    flags = ("--port", "0", "--port-file", str(tmp_path / "one.port"))
    spawn = (
        "import subprocess, sys\n"
        f"child = subprocess.Popen({command(SERVER, *flags, grace_seconds=5)!r}, stdin=subprocess.PIPE)\n"
        "print(child.pid, flush=True)\n"
        "child.wait()\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", spawn], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    while not (tmp_path / "one.port").exists():
        assert parent.poll() is None
    parent.kill()
    parent.wait()
    parent.stdout.close()
    child.wait(30)


@pytest.mark.parametrize(
    ("log", "line"),
    [
        ("", ""),
        ("loading\nerror: the shard is missing\ndone\n", "the shard is missing"),
        ("Traceback:\n  File\nValueError: x\n", "ValueError: x"),
    ],
)
def test_the_telling_line_of_a_log_is_found(tmp_path: Path, log: str, line: str) -> None:
    (tmp_path / "log").write_text(log)
    assert error_line(tmp_path / "log") == line
