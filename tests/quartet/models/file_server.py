"""Two model hubs on loopback: the routes of Hugging Face and of ModelScope, with cuts and wrong bytes on demand."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class HubServer:
    """Repositories, and what goes wrong with their files.

    `cut` ends the connection after so many bytes, once per entry. `hold` sends so many bytes of a file and then
    waits. `swapped` sends other bytes of the same size.
    """

    address: str = ""
    repositories: dict[str, dict[str, bytes]] = field(default_factory=dict)
    cut: dict[str, list[int]] = field(default_factory=dict)
    hold: dict[str, int] = field(default_factory=dict)
    swapped: set[str] = field(default_factory=set)
    ignores_ranges: bool = False
    names_digests: bool = True
    broken: bool = False
    reads: list[tuple[str, int]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    def starts(self, path: str) -> list[int]:
        """The first byte of every read of a file, in order."""
        return [start for read, start in self.reads if read == path]


@contextmanager
def hub_server() -> Iterator[HubServer]:
    """Runs the server on a free port."""
    hub = HubServer()
    server = ThreadingHTTPServer(("127.0.0.1", 0), lambda *args: _Handler(hub, *args))
    hub.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.released.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, hub: HubServer, *args: Any) -> None:
        self._hub = hub
        super().__init__(*args)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Tests need no access log."""

    def do_GET(self) -> None:
        """Routes a request."""
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        segments = parts.path.strip("/").split("/")
        if self._hub.broken:
            self._json(503, {"error": "down"})
        elif segments[:2] == ["api", "models"]:
            self._hugging_face_info("/".join(segments[2:4]))
        elif segments[2:3] == ["resolve"]:
            self._file("/".join(segments[:2]), "/".join(segments[4:]))
        elif segments[:3] == ["api", "v1", "models"] and segments[-1] == "files":
            self._model_scope_files("/".join(segments[3:5]))
        elif segments[:3] == ["api", "v1", "models"]:
            self._file("/".join(segments[3:5]), query["FilePath"])
        else:
            self._json(404, {"error": "no such route"})

    def do_HEAD(self) -> None:
        """As GET, without the body."""
        self.do_GET()

    def _hugging_face_info(self, repository: str) -> None:
        files = self._hub.repositories.get(repository)
        if files is None:
            self.send_response(404)
            self.send_header("X-Error-Code", "RepoNotFound")
            self.end_headers()
            return
        siblings = [self._sibling(path, data) for path, data in files.items()]
        self._json(200, {"id": repository, "sha": COMMIT, "siblings": siblings})

    def _sibling(self, path: str, data: bytes) -> dict[str, Any]:
        sibling: dict[str, Any] = {"rfilename": path, "size": len(data)}
        if not self._hub.names_digests:
            return sibling
        sibling["blobId"] = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
        if not path.endswith((".json", ".py", ".md")):
            sha256 = hashlib.sha256(data).hexdigest()
            sibling["lfs"] = {"sha256": sha256, "size": len(data), "pointerSize": 134}
        return sibling

    def _model_scope_files(self, repository: str) -> None:
        files = self._hub.repositories.get(repository)
        if files is None:
            self._json(404, {"Code": 10010205001, "Message": "no such model", "Success": False})
            return
        listed: list[dict[str, Any]] = [{"Path": "vae", "Type": "tree", "Size": 0}]
        for path, data in files.items():
            sha256 = hashlib.sha256(data).hexdigest()
            listed.append({"Path": path, "Type": "blob", "Size": len(data), "Sha256": sha256, "Revision": COMMIT})
        self._json(200, {"Code": 200, "Success": True, "Data": {"Files": listed}})

    def _file(self, repository: str, path: str) -> None:
        data = self._hub.repositories.get(repository, {}).get(path)
        if data is None:
            self._json(404, {"error": "no such file"})
            return
        start = self._start(len(data))
        if self.command == "GET":
            self._hub.reads.append((path, start))
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - start))
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("ETag", f'"{hashlib.sha256(data).hexdigest()}"')
        self.end_headers()
        if self.command == "GET":
            self._body(path, bytes(reversed(data))[start:] if path in self._hub.swapped else data[start:])

    def _start(self, size: int) -> int:
        wanted = self.headers.get("Range", "")
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        return 0 if self._hub.ignores_ranges or start >= size else start

    def _body(self, path: str, data: bytes) -> None:
        cuts = self._hub.cut.get(path)
        if cuts:
            self.wfile.write(data[: cuts.pop(0)])
        elif path in self._hub.hold:
            self.wfile.write(data[: self._hub.hold.pop(path)])
            self.wfile.flush()
            self._hub.released.wait(60)
        else:
            self.wfile.write(data)
        self.close_connection = True

    def _json(self, status: int, value: Any) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)
