"""Quartet's client SDK: ten lines from a caption to a saved song."""

from quartet.aio import AsyncClient
from quartet.client import Client
from quartet.events import (
    AudioChunk,
    Capacity,
    Event,
    Finished,
    Job,
    JobAccepted,
    JobChanged,
    JobState,
    Progress,
    Record,
    Upload,
    WatchEvent,
)
from quartet.exchange import Retry, Song
from quartet.songs import AudioFormat, GuidanceMode, SamplerMethod, SongSpec

__all__ = [
    "AsyncClient",
    "AudioChunk",
    "AudioFormat",
    "Capacity",
    "Client",
    "Event",
    "Finished",
    "GuidanceMode",
    "Job",
    "JobAccepted",
    "JobChanged",
    "JobState",
    "Progress",
    "Record",
    "Retry",
    "SamplerMethod",
    "Song",
    "SongSpec",
    "Upload",
    "WatchEvent",
]
