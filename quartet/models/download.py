"""Fetches one file over HTTP: goes on where an earlier try stopped, and keeps nothing whose digest is wrong.

huggingface_hub throws away what a killed process had fetched; with files of 5 GB that is not acceptable, and
ModelScope is plain HTTP anyway. So both hubs share this one.
"""

from __future__ import annotations

import http.client
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from quartet.models.errors import HubUnreachableError, PullError
from quartet.models.hubs import TIMEOUT_SECONDS, USER_AGENT, Digest

BLOCK_BYTES = 2**20
ATTEMPTS_WITHOUT_PROGRESS = 5
FIRST_PAUSE_SECONDS = 0.25

OnBytes = Callable[[int], object]
"""Called with the bytes of the file that are here now."""


def partial_path(target: Path, digest: Digest) -> Path:
    """Where a file grows. Its name holds the digest, so that two versions of a file never mix."""
    return target.with_name(f"{target.name}.{digest.value[:16]}.partial")


def holds(path: Path, size: int, digest: Digest) -> bool:
    """True where a file is there with this size and digest."""
    if not path.is_file() or path.stat().st_size != size:
        return False
    hasher = digest.hasher(size)
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            hasher.update(block)
    return hasher.hexdigest() == digest.value


def fetch(url: str, target: Path, size: int, digest: Digest, on_bytes: OnBytes) -> None:
    """Downloads a file of a known size and digest to `target`, which appears only once it is whole and right.

    Raises HubUnreachableError where the server keeps failing (what came stays for the next try), PullError where it
    refuses the file or where the content is wrong (nothing stays).
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = partial_path(target, digest)
    failures = 0
    while (have := _size(partial)) < size or not partial.exists():
        on_bytes(have)
        try:
            _append(url, partial, size, on_bytes)
        except urllib.error.HTTPError as error:
            if error.code not in (408, 416, 429) and error.code < 500:
                raise PullError(f"{url} answers with status {error.code}") from None
            if error.code == 416:
                partial.unlink(missing_ok=True)
            problem: Exception = error
        except (OSError, http.client.HTTPException) as error:
            problem = error
        else:
            problem = ConnectionError("the connection ended early")
        failures = 0 if _size(partial) > have else failures + 1
        if failures == ATTEMPTS_WITHOUT_PROGRESS:
            raise HubUnreachableError(f"{url}: {problem}; what came so far stays for the next try") from problem
        if failures:
            time.sleep(FIRST_PAUSE_SECONDS * 2 ** (failures - 1))
    if not holds(partial, size, digest):
        partial.unlink()
        raise PullError(f"{url} does not hold what the hub says ({digest.kind} {digest.value}); nothing of it was kept")
    on_bytes(size)
    partial.replace(target)


def _append(url: str, partial: Path, size: int, on_bytes: OnBytes) -> None:
    have = _size(partial)
    headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - the url is the hub's
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response, partial.open("ab") as file:  # noqa: S310
        if have and not _continues(response, have):
            file.truncate(0)
            have = 0
        while block := response.read1(BLOCK_BYTES):
            if have + len(block) > size:
                file.truncate(0)
                raise PullError(f"{url} is longer than the {size} bytes that the hub says; nothing of it was kept")
            file.write(block)
            have += len(block)
            on_bytes(have)
        file.flush()
        os.fsync(file.fileno())


def _continues(response: http.client.HTTPResponse, have: int) -> bool:
    content_range = response.headers.get("Content-Range", "")
    return response.status == 206 and content_range.startswith(f"bytes {have}-")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
