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
    Planned,
    Progress,
    Record,
    Upload,
    WatchEvent,
)
from quartet.exchange import Retry, Song
from quartet.planning import (
    Blueprint,
    Composition,
    Finish,
    PromptForm,
    SamplingProfile,
    SongPlan,
    Thinking,
    TokenSampling,
)
from quartet.records import differences, load_record, save_record
from quartet.songs import AudioFormat, GuidanceMode, SamplerMethod, SongSpec

__all__ = [
    "AsyncClient",
    "AudioChunk",
    "AudioFormat",
    "Blueprint",
    "Capacity",
    "Client",
    "Composition",
    "Event",
    "Finish",
    "Finished",
    "GuidanceMode",
    "Job",
    "JobAccepted",
    "JobChanged",
    "JobState",
    "Planned",
    "Progress",
    "PromptForm",
    "Record",
    "Retry",
    "SamplerMethod",
    "SamplingProfile",
    "Song",
    "SongPlan",
    "SongSpec",
    "Thinking",
    "TokenSampling",
    "Upload",
    "WatchEvent",
    "differences",
    "load_record",
    "save_record",
]
