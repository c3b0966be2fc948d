"""What a person may call a recording by: a file, a job, an item of a job, or the id of an audio file."""

from __future__ import annotations

import re
from pathlib import Path

import click

from quartet.client import Client
from quartet.events import Record
from quartet.tasks import Recording

AUDIO_ID = re.compile(r"[0-9a-f]{64}")
JOB_ITEM = re.compile(r"([0-9a-f]{24})(?::([0-9]{1,2}))?")


def recording(client: Client, source: str, parameter: str = "SOURCE") -> Recording:
    """The file or the audio id that is meant. Raises BadParameter where it is neither, and what the client raises."""
    path = Path(source)
    if path.is_file():
        return path
    if AUDIO_ID.fullmatch(source):
        return source
    if not (named := JOB_ITEM.fullmatch(source)):
        raise click.BadParameter(f"{source} is no file, no job and no audio id", param_hint=parameter)
    record, index = record_of(client, named[1], parameter), int(named[2] or 0)
    if index >= len(record.items):
        raise click.BadParameter(f"job {named[1]} has {len(record.items)} items, counted from 0", param_hint=parameter)
    return record.items[index].audio_id


def record_of(client: Client, job_id: str, parameter: str) -> Record:
    """What came out of a job. Raises BadParameter where nothing did, and what the client raises."""
    job = client.job(job_id)
    if job.record is None:
        raise click.BadParameter(f"job {job.id} is {job.state}; it has no songs", param_hint=parameter)
    return job.record
