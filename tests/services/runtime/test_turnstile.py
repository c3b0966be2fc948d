"""One holder at a time, in whatever process, and nobody twice while another waits."""

from __future__ import annotations

import fcntl
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from services.runtime.settings import StageSettings
from services.runtime.turnstile import Turnstile
from serving.settings import SettingsError
from tests.support.processes import wait_until

_HOLDER = """
import sys, time
from pathlib import Path
from services.runtime.turnstile import Turnstile

with Turnstile(Path(sys.argv[1])):
    print("inside", flush=True)
    sys.stdin.read()
"""


def test_threads_are_never_inside_together(tmp_path: Path) -> None:
    inside: list[int] = []
    seen: list[int] = []

    def pass_often(turnstile: Turnstile) -> None:
        for _ in range(200):
            with turnstile:
                inside.append(1)
                seen.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=pass_often, args=(Turnstile(tmp_path / "turn"),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [1] * 800


def test_who_leaves_and_comes_again_stands_at_the_end(tmp_path: Path) -> None:
    eager, patient = Turnstile(tmp_path / "turn"), Turnstile(tmp_path / "turn")
    order: list[str] = []

    def wait() -> None:
        with patient:
            order.append("patient")

    waiting = threading.Thread(target=wait)
    with eager:
        waiting.start()
        wait_until(lambda: not _free(tmp_path / "turn.next"))
    with eager:
        order.append("eager")
    waiting.join()
    assert order == ["patient", "eager"]


def test_a_process_that_is_killed_lets_go(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _HOLDER, str(tmp_path / "turn")]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout
    assert holder.stdout.readline() == "inside\n"
    assert not _free(tmp_path / "turn")
    holder.kill()
    holder.communicate()
    with Turnstile(tmp_path / "turn"):
        pass


def test_memory_is_given_back_inside_even_after_an_error(tmp_path: Path) -> None:
    held: list[bool] = []
    turnstile = Turnstile(tmp_path / "turn", before_leaving=lambda: held.append(not _free(tmp_path / "turn")))
    with pytest.raises(KeyError), turnstile:
        raise KeyError
    assert held == [True]
    assert _free(tmp_path / "turn")


def _free(path: Path) -> bool:
    with path.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def test_settings_that_cannot_be_are_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"--share-device: .* give --turnstile too"):
        StageSettings(share_device=True).turns()
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="--turnstile"):
        StageSettings(device="cpu", turnstile=tmp_path / "file" / "turn").turns()
    assert StageSettings(device="cpu").turns() is None
    assert StageSettings(device="cpu", turnstile=tmp_path / "turn").turns() is not None
