"""What a person may call a recording by: a file, a job, an item of a job, or the id of an audio file."""

from __future__ import annotations

import re
from pathlib import Path

import click

from quartet.client import Client
from quartet.tasks import Recording

_AUDIO = re.compile(r"[0-9a-f]{64}")
_ITEM = re.compile(r"([0-9a-f]{24})(?::([0-9]{1,2}))?")


def recording(client: Client, source: str) -> Recording:
    """The file or the audio id that is meant. Raises BadParameter where it is neither, and what the client raises."""
    path = Path(source)
    if path.is_file():
        return path
    if _AUDIO.fullmatch(source):
        return source
    if not (named := _ITEM.fullmatch(source)):
        raise click.BadParameter(f"{source} is no file, no job and no audio id", param_hint="SOURCE")
    job, index = client.job(named[1]), int(named[2] or 0)
    if job.record is None:
        raise click.BadParameter(f"job {job.id} is {job.state}; it has no audio", param_hint="SOURCE")
    if index >= len(job.record.items):
        raise click.BadParameter(f"job {job.id} has {len(job.record.items)} items, counted from 0", param_hint="SOURCE")
    return job.record.items[index].audio_id
