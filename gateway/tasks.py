"""What a task asks of its request and of its source: rules, items and the length that follows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from quartet.tasks import (
    Complete,
    Cover,
    Extend,
    Extract,
    Lego,
    Region,
    Repaint,
    SourceTask,
    Task,
    TextToMusic,
    task_of,
)
from quartet.v1 import music_pb2
from quartet.validation import Violations

FRAMES_PER_SECOND = 25
FRAMES_PER_CODE = 5
MAX_REGIONS = 32


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
    if name == "text_to_music":
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


def seconds_of(task: SourceTask, source_seconds: float) -> float:
    """Length of what is made from a source: whole frames of it, and what is added."""
    frames = frames_of(source_seconds)
    if isinstance(task, Extend):
        frames += frames_of(task.before) + frames_of(task.after)
    return frames / FRAMES_PER_SECOND


def check_source_task(song: music_pb2.SongSpec, seconds: float, longest: float, check: Violations) -> None:
    """Notes what is wrong with a task whose source has a length, where songs have a longest one."""
    path = f"song.{task_name(song)}"
    _check_tracks(song, path, check)
    if check_names(song, check):
        match task_of(song):
            case Repaint(regions=regions):
                _check_regions(regions, seconds, check, f"{path}.regions")
                check.that(bool(regions), f"{path}.regions", "is empty; say which part to make anew")
                check.that(
                    not _covers(regions, seconds),
                    f"{path}.regions",
                    "take up the whole source, so that nothing of it would stay; ask for a cover or for a new song",
                )
            case Lego(regions=regions):
                _check_regions(regions, seconds, check, f"{path}.regions")
            case Extend(before=before, after=after) as task:
                both_fit = [check.within(added, 0, longest, f"{path}.{name}") for name, added in _added(task)]
                check.that(frames_of(max(before, after)) > 0, f"{path}.after", "and before add nothing; give a length")
                total = seconds_of(task, seconds) if all(both_fit) else 0.0
                check.that(
                    total <= longest,
                    f"{path}.after",
                    f"and before make a song of {total:g} s; the model's longest has {longest:g} s",
                )
            case Cover() | Extract() | Complete() | TextToMusic():
                pass


def check_names(song: music_pb2.SongSpec, check: Violations) -> bool:
    """Notes tracks that the contract does not know; returns whether there are none."""
    name = task_name(song)
    if name == "lego":
        return check.that(_is_track(song.lego.track), "song.lego.track", "is missing or not known; name one track")
    if name in ("extract", "complete"):
        tracks = getattr(song, name).tracks
        return check.that(all(map(_is_track, tracks)), f"song.{name}.tracks", "has a track that is not known")
    return True


def _is_track(number: int) -> bool:
    return number != music_pb2.TRACK_UNSPECIFIED and number in music_pb2.Track.values()


def _check_tracks(song: music_pb2.SongSpec, path: str, check: Violations) -> None:
    if task_name(song) not in ("extract", "complete"):
        return
    tracks: Sequence[int] = getattr(song, task_name(song)).tracks
    check.that(len(set(tracks)) == len(tracks), f"{path}.tracks", "names a track twice")
    if task_name(song) == "extract":
        check.that(bool(tracks), f"{path}.tracks", "is empty; name what to take out")
        items = song.items or 1
        check.that(
            items in (1, len(tracks)),
            "song.items",
            f"is {items}; one item is made of each of the {len(tracks)} tracks, leave it out",
        )


def _check_regions(regions: Sequence[Region], seconds: float, check: Violations, path: str) -> None:
    check.that(len(regions) <= MAX_REGIONS, path, f"has {len(regions)} parts, at most {MAX_REGIONS} are allowed")
    for number, region in enumerate(regions[:MAX_REGIONS]):
        at = f"{path}[{number}]"
        if not check.within(region.start, 0, seconds, f"{at}.start") or region.end is None:
            continue
        if check.within(region.end, 0, seconds, f"{at}.end"):
            longer = frames_of(region.end) > frames_of(region.start)
            check.that(longer, f"{at}.end", f"is {region.end:g}, must be 0.04 s behind the start or more")
    ordered = sorted(regions, key=lambda region: region.start)
    apart = all(one.end is not None and one.end <= other.start for one, other in pairwise(ordered))
    check.that(apart, path, "overlap; join what belongs together")


def _covers(regions: Sequence[Region], seconds: float) -> bool:
    frames = frames_of(seconds)
    spans = [frames_in(region, frames) for region in regions] if frames else []
    return bool(spans) and sum(last - first for first, last in spans) >= frames


def _added(task: Extend) -> list[tuple[str, float]]:
    return [("before", task.before), ("after", task.after)]
