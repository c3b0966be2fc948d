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
from quartet.songs import AudioFormat, GuidanceMode, SamplerMethod, SongSpec
from quartet.tasks import Complete, Cover, Extend, Extract, Lego, Region, Repaint, TextToMusic, Track

__all__ = [
    "AsyncClient",
    "AudioChunk",
    "AudioFormat",
    "Blueprint",
    "Capacity",
    "Client",
    "Complete",
    "Composition",
    "Cover",
    "Event",
    "Extend",
    "Extract",
    "Finish",
    "Finished",
    "GuidanceMode",
    "Job",
    "JobAccepted",
    "JobChanged",
    "JobState",
    "Lego",
    "Planned",
    "Progress",
    "PromptForm",
    "Record",
    "Region",
    "Repaint",
    "Retry",
    "SamplerMethod",
    "SamplingProfile",
    "Song",
    "SongPlan",
    "SongSpec",
    "TextToMusic",
    "Thinking",
    "TokenSampling",
    "Track",
    "Upload",
    "WatchEvent",
]
