"""Brings the checkpoints of a family into its original layout."""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from quartet.models.catalog import KNOWN_SHA256, Component
from quartet.models.download import fetch, holds, partial_path
from quartet.models.errors import HubUnreachableError, PullError
from quartet.models.hubs import Digest, Hub, Listing, RemoteFile

SOURCE_FILE = ".quartet-source.json"


@dataclass(frozen=True)
class PlannedFile:
    """A file that a component needs, and where it goes. `present` where it is here already, whole and right."""

    remote: RemoteFile
    digest: Digest
    target: Path
    present: bool

    @property
    def missing_bytes(self) -> int:
        """What is still to come, given what an earlier try has left."""
        if self.present:
            return 0
        partial = partial_path(self.target, self.digest)
        return self.remote.bytes - (partial.stat().st_size if partial.exists() else 0)


@dataclass(frozen=True)
class Plan:
    """Everything that one component needs from one hub."""

    component: Component
    hub: Hub
    commit: str
    files: tuple[PlannedFile, ...]


Notice = Callable[[str], object]
OnProgress = Callable[[PlannedFile, int], object]
FreeBytes = Callable[[Path], int]


def disk_free_bytes(folder: Path) -> int:
    """Free space of the disk that a folder is on."""
    return shutil.disk_usage(folder).free


def pull(
    models: Path,
    wanted: Sequence[Component],
    hubs: Sequence[Hub],
    *,
    notice: Notice,
    on_progress: OnProgress,
    free_bytes: FreeBytes = disk_free_bytes,
) -> tuple[Plan, ...]:
    """Downloads components into `models`; a hub that does not answer is followed by the next. Returns what was done.

    Running it again goes on where it stopped, and checks what is there. Raises PullError.
    """
    models.mkdir(parents=True, exist_ok=True)
    with _alone(models):
        for hub, following in zip(hubs, [*hubs[1:], None], strict=True):
            try:
                return _pull_from(hub, models, wanted, notice, on_progress, free_bytes)
            except HubUnreachableError as error:
                if following is None:
                    raise
                notice(f"{error}; trying {following.name}")
    raise PullError("no hub was named")


def _pull_from(
    hub: Hub, models: Path, wanted: Sequence[Component], notice: Notice, on_progress: OnProgress, free_bytes: FreeBytes
) -> tuple[Plan, ...]:
    listings = {repository: hub.listing(repository) for repository in {part.repository for part in wanted}}
    notice(f"checking what {models} holds")
    plans = tuple(plan(component, hub, listings[component.repository], models) for component in wanted)
    _check_space(models, sum(file.missing_bytes for part in plans for file in part.files), free_bytes)
    for part in plans:
        for file in part.files:
            if not file.present:
                _fetch(file, on_progress)
        _write_source(part, models)
    return plans


def plan(component: Component, hub: Hub, listing: Listing, models: Path) -> Plan:
    """Picks the files of a component. Raises PullError where one is missing or cannot be verified."""
    picked = {name: file for file in listing.files if (name := component.local_path(file.path))}
    missing = [name for name in component.required if name not in picked]
    if not any(name.endswith(".safetensors") for name in picked):
        missing.append("*.safetensors")
    if missing:
        raise PullError(f"{component.repository} on {hub.name} lacks {', '.join(missing)} of {component.name}")
    files = []
    for name, remote in sorted(picked.items()):
        digest = _digest(component, remote)
        if digest is None:
            raise PullError(f"{hub.name} names no digest for {remote.path} of {component.repository}; use another hub")
        target = models / component.name / name
        files.append(PlannedFile(remote, digest, target, holds(target, remote.bytes, digest)))
    return Plan(component, hub, listing.commit, tuple(files))


def _digest(component: Component, remote: RemoteFile) -> Digest | None:
    """The hub's own digest, else the known one; of a mirror that names none, configs are taken by their length."""
    known = KNOWN_SHA256.get((component.repository, remote.path))
    if remote.digest or known:
        return remote.digest or Digest("sha256", str(known))
    return Digest("length", str(remote.bytes)) if remote.path.endswith(".json") else None


def _fetch(file: PlannedFile, on_progress: OnProgress) -> None:
    fetch(file.remote.url, file.target, file.remote.bytes, file.digest, lambda have: on_progress(file, have))


def _check_space(models: Path, needed: int, free_bytes: FreeBytes) -> None:
    free = free_bytes(models)
    if needed > free:
        raise PullError(
            f"{needed / 1e9:.1f} GB are still to come, but the disk of {models} has {free / 1e9:.1f} GB free; "
            "make room or choose another folder with --models"
        )


def _write_source(done: Plan, models: Path) -> None:
    source = {
        "hub": done.hub.name,
        "repository": done.component.repository,
        "commit": done.commit,
        "files": {
            file.target.name: {"bytes": file.remote.bytes, file.digest.kind: file.digest.value} for file in done.files
        },
    }
    path = models / done.component.name / SOURCE_FILE
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(source, indent=2) + "\n")
    partial.replace(path)


@contextmanager
def _alone(models: Path) -> Iterator[None]:
    """Two pulls into one folder would write the same partial files."""
    with (models / ".pull.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PullError(f"another pull is writing to {models}; wait for it to end") from None
        yield
