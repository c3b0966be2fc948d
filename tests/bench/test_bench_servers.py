"""A benchmark that is ended takes along what it has started."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import psutil

SCRIPT = """
import signal, sys
from pathlib import Path
from bench.servers import up
with up(Path(sys.argv[1]), "--data", sys.argv[2]) as chain:
    print(chain.process.pid, flush=True)
    signal.pause()
"""


def test_sigterm_stops_the_servers_too(tiny_models: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", SCRIPT, str(tiny_models), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as benchmark:
        assert benchmark.stdout
        started = psutil.Process(int(benchmark.stdout.readline()))
        servers = started.children(recursive=True)
        assert len(servers) >= 4
        benchmark.send_signal(signal.SIGTERM)
        assert benchmark.wait(60) == 128 + signal.SIGTERM
    assert not any(process.is_running() for process in (started, *servers))
