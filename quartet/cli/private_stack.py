"""A stack of servers for one command: free ports, a temporary folder, gone afterwards."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from quartet.cli import lifeline
from quartet.cli.main import CommandError
from quartet.cli.supervisor import error_line

POLL_SECONDS = 0.1
STOP_SECONDS = 60.0


@contextmanager
def private_stack(flags: Sequence[str]) -> Iterator[str]:
    """Runs `quartet up` with the flags and yields the gateway's address. Raises CommandError."""
    with tempfile.TemporaryDirectory(prefix="quartet-") as folder:
        port_file, log = Path(folder, "port"), Path(folder, "up.log")
        arguments = ("up", "--port", "0", "--port-file", str(port_file), "--data", folder, *flags)
        with log.open("wb") as sink:
            process = subprocess.Popen(  # noqa: S603 - this program itself
                lifeline.command("quartet.cli", *arguments, grace_seconds=STOP_SECONDS),
                stdin=subprocess.PIPE,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            _wait_until_ready(process, port_file, log)
            yield f"127.0.0.1:{port_file.read_text().strip()}"
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes], port_file: Path, log: Path) -> None:
    while not port_file.exists():
        try:
            process.wait(POLL_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        raise CommandError(error_line(log) or f"the servers did not start (status {process.returncode})")
