"""Between the tasks of a song and their messages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from quartet.tasks import (
    Complete,
    Cover,
    Edit,
    Extend,
    Extract,
    Lego,
    NewSong,
    Recording,
    Region,
    Remix,
    Repaint,
    RepaintMode,
    Retake,
    Task,
    TextToMusic,
    Track,
)
from quartet.v1 import music_pb2
from quartet.wire import chosen, duration_message, given_seeds, optional, seconds_of, wire_name


def task_fields(task: Task) -> dict[str, Any]:
    """The task as a field of a SongSpec message. Raises ValueError for names that are no tracks, TypeError for a file
    that was not uploaded."""
    source = "" if isinstance(task, NewSong) else _uploaded(task.source)
    spec = music_pb2.SongSpec
    match task:
        case TextToMusic():
            return {"text_to_music": spec.TextToMusic(codes=task.codes, code_strength=task.code_strength)}
        case Cover():
            return {
                "cover": spec.Cover(
                    source_audio_id=source,
                    from_latents=task.from_latents,
                    strength=task.strength,
                    blend=task.blend,
                    noise_strength=task.noise_strength,
                )
            }
        case Repaint():
            regions = _region_messages(task.regions)
            return {
                "repaint": spec.Repaint(
                    source_audio_id=source,
                    regions=regions,
                    free_mask=task.free_mask,
                    mode=wire_name(RepaintMode, task.mode, "REPAINT_MODE"),
                    strength=task.strength,
                )
            }
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
        case Retake():
            return {
                "retake": spec.Retake(
                    variance=task.variance,
                    seeds=given_seeds(task.seeds),
                    codes=task.codes,
                    code_strength=task.code_strength,
                )
            }
        case Edit():
            return {
                "edit": spec.Edit(
                    source_audio_id=source,
                    source_caption=task.source_caption,
                    source_lyrics=task.source_lyrics,
                    n_min=task.n_min,
                    n_max=task.n_max,
                    n_avg=task.n_avg,
                )
            }
        case Remix():
            return {"remix": spec.Remix(source_audio_id=source, strength=task.strength)}


def task_of(message: music_pb2.SongSpec) -> Task:
    """The task of a message."""
    match message.WhichOneof("task"):
        case "cover":
            cover = message.cover
            return Cover(
                cover.source_audio_id,
                cover.from_latents,
                optional(cover, "strength"),
                cover.blend,
                optional(cover, "noise_strength"),
            )
        case "repaint":
            repaint = message.repaint
            return Repaint(
                repaint.source_audio_id,
                _regions(repaint.regions),
                repaint.free_mask,
                chosen(RepaintMode, music_pb2.RepaintMode, repaint.mode, "REPAINT_MODE"),
                optional(repaint, "strength"),
            )
        case "extend":
            extend = message.extend
            return Extend(extend.source_audio_id, seconds_of(extend.before), seconds_of(extend.after))
        case "extract":
            return Extract(message.extract.source_audio_id, _tracks(message.extract.tracks))
        case "lego":
            lego = message.lego
            return Lego(lego.source_audio_id, _tracks([lego.track])[0], _regions(lego.regions))
        case "complete":
            return Complete(message.complete.source_audio_id, _tracks(message.complete.tracks))
        case "retake":
            retake = message.retake
            return Retake(
                optional(retake, "variance"),
                tuple(retake.seeds),
                tuple(retake.codes),
                optional(retake, "code_strength"),
            )
        case "edit":
            edit = message.edit
            return Edit(
                edit.source_audio_id,
                edit.source_caption,
                edit.source_lyrics,
                optional(edit, "n_min"),
                optional(edit, "n_max"),
                edit.n_avg or 1,
            )
        case "remix":
            return Remix(message.remix.source_audio_id, optional(message.remix, "strength"))
        case _:
            return TextToMusic(tuple(message.text_to_music.codes), optional(message.text_to_music, "code_strength"))


def track_name(number: int) -> str:
    """The name of a track of the contract; empty where it is unspecified."""
    return music_pb2.Track.Name(number).removeprefix("TRACK_").lower() if number else ""


def _uploaded(source: Recording) -> str:
    if isinstance(source, Path):
        raise TypeError(f"the source {source} is a file; upload it and give its id")
    return source


def _track_names(tracks: Iterable[Track | str]) -> list[str]:
    return [wire_name(Track, track, "TRACK") for track in tracks]


def _tracks(numbers: Iterable[int]) -> tuple[Track, ...]:
    return tuple(Track(track_name(number)) for number in numbers)


def _region_messages(regions: Sequence[Region]) -> list[music_pb2.Region]:
    return [
        music_pb2.Region(start=duration_message(region.start), end=duration_message(_end(region.end)))
        for region in regions
    ]


def _regions(messages: Iterable[music_pb2.Region]) -> tuple[Region, ...]:
    return tuple(
        Region(
            seconds_of(message.start),
            _end(seconds_of(message.end)) if message.HasField("end") else None,
        )
        for message in messages
    )


def _end(seconds: float | None) -> float | None:
    """None where a region reaches to the end of its recording: -1 in many applications."""
    return None if seconds is None or seconds < 0 else seconds
