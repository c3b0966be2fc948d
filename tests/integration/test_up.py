"""`quartet up` stops cleanly, brings back what dies and leaves no process behind, however it ends."""

from __future__ import annotations

import signal
from pathlib import Path

import psutil

from quartet import Client
from tests.integration.up import quartet_up

ALL = {"services.planner", "services.encoder", "services.dit", "services.vae", "gateway"}


def test_a_killed_stage_comes_back_and_ctrl_c_stops_everything(tiny_models: Path, tmp_path: Path) -> None:
    with quartet_up(tiny_models, tmp_path) as up, Client(up.address) as client:
        before = up.servers()
        assert set(before) == ALL
        first = client.generate("piano", duration=1, seed=3, steps=2)

        before["services.dit"].kill()
        up.wait_until_printed("dit is ready", times=2)
        assert up.printed("dit has ended by SIGKILL; starting it again") == 1
        assert up.servers()["services.dit"].pid != before["services.dit"].pid
        assert client.generate("piano", duration=1, seed=3, steps=2).files == first.files

        servers = list(up.servers().values())
        up.process.send_signal(signal.SIGINT)
        assert up.process.wait(60) == 0
        assert not any(server.is_running() for server in servers)
        assert up.printed("everything has stopped") == 1


def test_kill_9_leaves_no_orphans(tiny_models: Path, tmp_path: Path) -> None:
    with quartet_up(tiny_models, tmp_path) as up:
        servers = up.servers()
        assert set(servers) == ALL
        up.process.kill()
        _, alive = psutil.wait_procs(servers.values(), timeout=60)
        assert alive == []
