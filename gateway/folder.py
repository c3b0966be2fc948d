"""The data folder belongs to one gateway at a time: two would run the same jobs and clear each other's files."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from serving.server import StartupError


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Holds a folder, which is created where there is none. Raises StartupError while another gateway holds it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / "gateway.lock").open("w")
    except OSError as error:
        raise StartupError(f"cannot write to {folder}: {error.strerror}; choose another --data") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StartupError(f"another gateway uses {folder}; stop it or choose another --data") from None
        yield
