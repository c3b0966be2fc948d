"""What is done with a source, or without one: the tasks of a song, as typed values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from google.protobuf import duration_pb2

from quartet.v1 import music_pb2

# A file, which is uploaded when the call starts, or the id of an upload or of the audio of an earlier result.
Recording = Path | str


class Track(StrEnum):
    """What a model can tell apart in a song."""

    WOODWINDS = "woodwinds"
    BRASS = "brass"
    FX = "fx"
    SYNTH = "synth"
    STRINGS = "strings"
    PERCUSSION = "percussion"
    KEYBOARD = "keyboard"
    GUITAR = "guitar"
    BASS = "bass"
    DRUMS = "drums"
    BACKING_VOCALS = "backing_vocals"
    VOCALS = "vocals"


@dataclass(frozen=True)
class Region:
    """Part of a recording in seconds; without an end it reaches to that of the recording."""

    start: float = 0.0
    end: float | None = None


@dataclass(frozen=True)
class TextToMusic:
    """A new song from words."""


@dataclass(frozen=True)
class Cover:
    """The source's melody and rhythm in the style of the words; `from_latents` stays closer to its sound."""

    source: Recording
    from_latents: bool = False


@dataclass(frozen=True)
class Repaint:
    """Parts of the source are made anew, all else stays.

    `free_mask` tells the model that it may write everywhere, as newer official applications do.
    """

    source: Recording
    regions: tuple[Region, ...]
    free_mask: bool = False


@dataclass(frozen=True)
class Extend:
    """Seconds of music before and after the source, which stays."""

    source: Recording
    before: float = 0.0
    after: float = 0.0


@dataclass(frozen=True)
class Extract:
    """Single tracks out of the source, each of them an item."""

    source: Recording
    tracks: tuple[Track | str, ...]


@dataclass(frozen=True)
class Lego:
    """One more track for the source, everywhere or in regions."""

    source: Recording
    track: Track | str
    regions: tuple[Region, ...] = ()


@dataclass(frozen=True)
class Complete:
    """A whole song around a source of a few tracks; tracks to add, or none for the model's choice."""

    source: Recording
    tracks: tuple[Track | str, ...] = ()


SourceTask = Cover | Repaint | Extend | Extract | Lego | Complete
Task = TextToMusic | SourceTask


def task_fields(task: Task) -> dict[str, Any]:
    """The task as a field of a SongSpec message. Raises ValueError for names that are no tracks, TypeError for a file
    that was not uploaded."""
    source = "" if isinstance(task, TextToMusic) else _uploaded(task.source)
    spec = music_pb2.SongSpec
    match task:
        case TextToMusic():
            return {"text_to_music": spec.TextToMusic()}
        case Cover():
            return {"cover": spec.Cover(source_audio_id=source, from_latents=task.from_latents)}
        case Repaint():
            regions = _region_messages(task.regions)
            return {"repaint": spec.Repaint(source_audio_id=source, regions=regions, free_mask=task.free_mask)}
        case Extend():
            before, after = duration_message(task.before or None), duration_message(task.after or None)
            return {"extend": spec.Extend(source_audio_id=source, before=before, after=after)}
        case Extract():
            return {"extract": spec.Extract(source_audio_id=source, tracks=_track_names(task.tracks))}
        case Lego():
            (track,) = _track_names([task.track])
            return {"lego": spec.Lego(source_audio_id=source, track=track, regions=_region_messages(task.regions))}
        case Complete():
            return {"complete": spec.Complete(source_audio_id=source, tracks=_track_names(task.tracks))}


def task_of(message: music_pb2.SongSpec) -> Task:
    """The task of a message."""
    match message.WhichOneof("task"):
        case "cover":
            return Cover(message.cover.source_audio_id, message.cover.from_latents)
        case "repaint":
            repaint = message.repaint
            return Repaint(repaint.source_audio_id, _regions(repaint.regions), repaint.free_mask)
        case "extend":
            extend = message.extend
            before, after = (each.ToNanoseconds() / 1e9 for each in (extend.before, extend.after))
            return Extend(extend.source_audio_id, before, after)
        case "extract":
            return Extract(message.extract.source_audio_id, _tracks(message.extract.tracks))
        case "lego":
            lego = message.lego
            return Lego(lego.source_audio_id, _tracks([lego.track])[0], _regions(lego.regions))
        case "complete":
            return Complete(message.complete.source_audio_id, _tracks(message.complete.tracks))
        case _:
            return TextToMusic()


def track_name(number: int) -> str:
    """The name of a track of the contract; empty where it is unspecified."""
    return music_pb2.Track.Name(number).removeprefix("TRACK_").lower() if number else ""


def duration_message(seconds: float | None) -> duration_pb2.Duration | None:
    """Seconds as a message."""
    if seconds is None:
        return None
    duration = duration_pb2.Duration()
    duration.FromNanoseconds(round(seconds * 1e9))
    return duration


def _uploaded(source: Recording) -> str:
    if isinstance(source, Path):
        raise TypeError(f"the source {source} is a file; upload it and give its id")
    return source


def _track_names(tracks: Iterable[Track | str]) -> list[str]:
    return [f"TRACK_{Track(track).name}" for track in tracks]


def _tracks(numbers: Iterable[int]) -> tuple[Track, ...]:
    return tuple(Track(track_name(number)) for number in numbers)


def _region_messages(regions: Sequence[Region]) -> list[music_pb2.Region]:
    return [
        music_pb2.Region(start=duration_message(region.start), end=duration_message(region.end)) for region in regions
    ]


def _regions(messages: Iterable[music_pb2.Region]) -> tuple[Region, ...]:
    return tuple(
        Region(
            message.start.ToNanoseconds() / 1e9,
            message.end.ToNanoseconds() / 1e9 if message.HasField("end") else None,
        )
        for message in messages
    )
