"""`python -m quartet.cli.lifeline SECONDS MODULE …` runs a module that ends when its parent ends, however that ends.

The parent holds the other end of the child's standard input. The kernel closes it when the parent dies, even by
SIGKILL; then the child gets SIGTERM, and SIGKILL if it is still there after SECONDS. A pipe works on Linux and macOS
alike and lets the child drain; PR_SET_PDEATHSIG is Linux only, fires when the parent's *thread* ends, and has to be set
between fork and exec.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
import time


def command(module: str, *arguments: str, grace_seconds: float) -> list[str]:
    """The command line that runs a module on a lifeline; start it with a pipe as standard input."""
    return [sys.executable, "-m", __name__, str(grace_seconds), module, *arguments]


def _end_with_parent(grace_seconds: float) -> None:
    while os.read(0, 1):
        continue
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(grace_seconds)  # the process ends meanwhile, and this daemon thread with it
    os.kill(os.getpid(), signal.SIGKILL)


def _main() -> None:
    grace_seconds, module, *arguments = sys.argv[1:]
    threading.Thread(target=_end_with_parent, args=(float(grace_seconds),), daemon=True, name="lifeline").start()
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _main()
