"""What a task is: its source, its items, its length, and what it does where a request leaves the choice open."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Sequence

from quartet.tasks import Cover, Edit, Extend, Extract, Region, Remix, Retake, SourceTask, Task
from quartet.v1 import music_pb2

FRAMES_PER_SECOND = 25
FRAMES_PER_CODE = 5
DEFAULT_VARIANCE = 0.2
DEFAULT_REMIX = 0.5


def frames_of(seconds: float) -> int:
    """Latent frames of a duration: whole ones, where the nanoseconds of the wire do not count."""
    return int(FRAMES_PER_SECOND * seconds + 1e-6)


def frames_in(region: Region, frames: int) -> tuple[int, int]:
    """First and last (exclusive) frame of a part of a recording of so many frames (spec/model.md §4.7)."""
    first = min(frames_of(region.start), frames - 1)
    last = frames if region.end is None else min(frames_of(region.end), frames)
    return first, max(last, first + 1)


def source_of(song: music_pb2.SongSpec) -> str | None:
    """The id of the task's source; None where the task has none."""
    name = task_name(song)
    if name in ("text_to_music", "retake"):
        return None
    source: str = getattr(song, name).source_audio_id
    return source


def task_name(song: music_pb2.SongSpec) -> str:
    """The task's field in the message."""
    return song.WhichOneof("task") or "text_to_music"


def needs_words(song: music_pb2.SongSpec) -> bool:
    """Whether there must be a caption or lyrics: single tracks have a name, which says enough."""
    return task_name(song) not in ("extract", "lego")


def needs_tracks(song: music_pb2.SongSpec) -> bool:
    """Whether only models that were trained on single tracks can do it."""
    return task_name(song) in ("extract", "lego", "complete")


def items_of(task: Task, items: int) -> int:
    """Items that a task makes: one for each track that is extracted, else as many as were asked for."""
    return len(task.tracks) if isinstance(task, Extract) else items


def codes_of(song: music_pb2.SongSpec) -> Sequence[int]:
    """Audio codes that were given for a new song, or for its takes, to follow."""
    name = task_name(song)
    codes: Sequence[int] = getattr(song, name).codes if name in ("text_to_music", "retake") else ()
    return codes


def seconds_of_codes(count: int) -> float:
    """Length of a song that follows so many codes."""
    return count * FRAMES_PER_CODE / FRAMES_PER_SECOND


def seconds_of(task: SourceTask, source_seconds: float) -> float:
    """Length of what is made from a source: whole frames of it, and what is added."""
    frames = frames_of(source_seconds)
    if isinstance(task, Extend):
        frames += frames_of(task.before) + frames_of(task.after)
    return frames / FRAMES_PER_SECOND


def decided(task: Task, items: int) -> Task:
    """The task with its open choices made; the seeds of a retake are drawn."""
    match task:
        case Cover():
            return dataclasses.replace(
                task, strength=_or(task.strength, 1.0), noise_strength=_or(task.noise_strength, 0.0)
            )
        case Retake():
            drawn = (secrets.randbits(32) for _ in range(items - len(task.seeds)))
            return dataclasses.replace(task, variance=_or(task.variance, DEFAULT_VARIANCE), seeds=(*task.seeds, *drawn))
        case Edit():
            return dataclasses.replace(task, n_min=_or(task.n_min, 0.0), n_max=_or(task.n_max, 1.0))
        case Remix():
            return dataclasses.replace(task, strength=_or(task.strength, DEFAULT_REMIX))
        case _:
            return task


def _or(value: float | None, default: float) -> float:
    return default if value is None else value
