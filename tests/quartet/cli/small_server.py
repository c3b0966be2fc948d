"""A server that listens, announces its port and stops on SIGTERM; the supervisor's tests run it as a child."""

from __future__ import annotations

import os
import signal
import socket
import sys
from pathlib import Path


def main() -> None:
    """Serves nobody until SIGTERM. A file NAME.broken beside the port file makes it fail."""
    flags = sys.argv[1:]
    port, port_file = int(flags[flags.index("--port") + 1]), Path(flags[flags.index("--port-file") + 1])
    if port_file.with_suffix(".broken").exists():
        sys.exit("error: it is broken")
    stops = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, stops)
    listener = socket.create_server(("127.0.0.1", port))
    port_file.with_suffix(".pid").write_text(str(os.getpid()))
    if "--never-ready" not in flags:
        partial = port_file.with_suffix(".partial")
        partial.write_text(str(listener.getsockname()[1]))
        partial.replace(port_file)
    signal.sigwait({signal.SIGINT} if "--stubborn" in flags else stops)
    with port_file.with_name("stops").open("a") as log:
        log.write(f"{port_file.stem}\n")


if __name__ == "__main__":
    main()
