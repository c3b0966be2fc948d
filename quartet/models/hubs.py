"""The two hubs behind one face: what a repository holds at a commit, and where each file is read from."""

from __future__ import annotations

import hashlib
import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote, urlencode

from quartet.models.errors import HubUnreachableError, PullError

TIMEOUT_SECONDS = 30.0
USER_AGENT = "quartet"
HUGGING_FACE = "https://huggingface.co"
MODEL_SCOPE = "https://modelscope.cn"


class Hasher(Protocol):
    """Takes a file's bytes and sums them up."""

    def update(self, data: bytes, /) -> None:
        """Takes the next bytes."""

    def hexdigest(self) -> str:
        """The sum so far."""


class _Length:
    def __init__(self) -> None:
        self._bytes = 0

    def update(self, data: bytes, /) -> None:
        self._bytes += len(data)

    def hexdigest(self) -> str:
        return str(self._bytes)


@dataclass(frozen=True)
class Digest:
    """What the content of a file must hash to: `sha256`, or `git`, the SHA-1 of a header and the content that git
    names a file by, or `length`, no more than the number of bytes.
    """

    kind: str
    value: str

    def hasher(self, size: int) -> Hasher:
        """A fresh hash object for a file of a size."""
        if self.kind == "length":
            return _Length()
        if self.kind == "git":
            return hashlib.sha1(f"blob {size}\0".encode(), usedforsecurity=False)
        return hashlib.sha256()


@dataclass(frozen=True)
class RemoteFile:
    """A file of a repository at one commit. `digest` is None where the hub names none; `bytes` is its size."""

    path: str
    bytes: int
    digest: Digest | None
    url: str


@dataclass(frozen=True)
class Listing:
    """The files of a repository at one commit."""

    commit: str
    files: tuple[RemoteFile, ...]


class Hub(Protocol):
    """A place that checkpoints are fetched from."""

    @property
    def name(self) -> str:
        """Name and address, for people and for the record."""

    def listing(self, repository: str) -> Listing:
        """The files of a repository. Raises HubUnreachableError, or PullError where the repository is missing."""


@dataclass(frozen=True)
class HuggingFace:
    """The Hugging Face hub or a mirror that speaks its routes. The checkpoints are public: no token is ever sent."""

    endpoint: str = HUGGING_FACE
    revision: str = "main"

    @property
    def name(self) -> str:
        """As `Hub.name`."""
        return self.endpoint

    def listing(self, repository: str) -> Listing:
        """As `Hub.listing`."""
        from huggingface_hub import HfApi, hf_hub_url
        from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError

        try:
            api = HfApi(endpoint=self.endpoint, token=False)
            info = api.model_info(repository, revision=self.revision, files_metadata=True, timeout=TIMEOUT_SECONDS)
        except (RepositoryNotFoundError, RevisionNotFoundError):
            raise PullError(f"{self.endpoint} has no {repository} at revision {self.revision}") from None
        except Exception as error:  # the library's transport raises types of a package that changes between releases
            raise HubUnreachableError(f"{self.endpoint} does not answer: {error}") from error
        if not info.sha:
            raise PullError(f"{self.endpoint} names no commit for {repository}")
        commit = info.sha
        return Listing(
            commit,
            tuple(
                RemoteFile(
                    path=file.rfilename,
                    bytes=file.size or 0,
                    digest=_digest(file.lfs.sha256 if file.lfs else "", file.blob_id or ""),
                    url=hf_hub_url(repository, file.rfilename, revision=commit, endpoint=self.endpoint),
                )
                for file in info.siblings or ()
            ),
        )


@dataclass(frozen=True)
class ModelScope:
    """ModelScope, over its plain HTTP file routes."""

    endpoint: str = MODEL_SCOPE
    revision: str = "master"

    @property
    def name(self) -> str:
        """As `Hub.name`."""
        return self.endpoint

    def listing(self, repository: str) -> Listing:
        """As `Hub.listing`. ModelScope names a commit per file; the newest stands for the repository."""
        base = f"{self.endpoint}/api/v1/models/{quote(repository)}/repo"
        answer = self._get(f"{base}/files?{urlencode({'Revision': self.revision, 'Recursive': 'true'})}", repository)
        try:
            entries = [entry for entry in answer["Data"]["Files"] if entry["Type"] == "blob"]
            newest = max(entries, key=lambda entry: entry.get("CommittedDate", 0))
            files = tuple(
                RemoteFile(
                    path=entry["Path"],
                    bytes=int(entry["Size"]),
                    digest=_digest(entry.get("Sha256", ""), ""),
                    url=f"{base}?{urlencode({'Revision': self.revision, 'FilePath': entry['Path']})}",
                )
                for entry in entries
            )
        except (KeyError, TypeError, ValueError) as error:
            raise PullError(f"{self.endpoint} lists the files of {repository} in an unknown form: {error!r}") from None
        return Listing(str(newest.get("Revision", self.revision)), files)

    def _get(self, url: str, repository: str) -> Any:
        request = urllib.request.Request(url, headers={"User-Agent": USER_AGENT})  # noqa: S310 - built above
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310
                return json.load(response)
        except urllib.error.HTTPError as error:
            if error.code == 404:
                raise PullError(f"{self.endpoint} has no {repository}") from None
            raise HubUnreachableError(f"{self.endpoint} answers with status {error.code}") from error
        except (OSError, ValueError) as error:
            raise HubUnreachableError(f"{self.endpoint} does not answer: {error}") from error


def _digest(sha256: str, git: str) -> Digest | None:
    if sha256:
        return Digest("sha256", sha256)
    return Digest("git", git) if git else None
