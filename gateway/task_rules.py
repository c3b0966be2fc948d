"""What a task may ask for: rules of its settings, and those that its source decides."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from gateway.tasks import codes_of, frames_in, frames_of, seconds_of, seconds_of_codes, task_name
from quartet.task_messages import task_of
from quartet.tasks import Extend, Lego, NewSong, Region, Repaint
from quartet.v1 import music_pb2
from quartet.validation import Violations
from quartet.wire import seconds_of as seconds_in
from serving import rules
from serving.planning import MAX_CAPTION_CHARACTERS

MAX_REGIONS = 32
MAX_CODES = 3000
# Of the public models; smaller ones are the encoder's to tell.
CODEBOOK_SIZE = 64_000
MAX_LYRIC_CHARACTERS = 32_768
_SAME_SECONDS = 1e-3


def check_settings(song: music_pb2.SongSpec, check: Violations) -> None:
    """Notes settings of a task that cannot be, whatever its source."""
    match song.WhichOneof("task"):
        case "text_to_music":
            _check_shares(song.text_to_music, ("code_strength",), "song.text_to_music", check)
            _check_codes(song, check)
        case "cover":
            _check_shares(song.cover, ("strength", "noise_strength"), "song.cover", check)
            weighed = not song.cover.blend or song.cover.HasField("strength")
            check.that(weighed, "song.cover.blend", "needs a strength to weigh the source by")
        case "repaint":
            _check_repaint(song.repaint, check)
        case "retake":
            _check_retake(song, check)
            _check_codes(song, check)
        case "edit":
            _check_edit(song.edit, check)
        case "remix":
            _check_shares(song.remix, ("strength",), "song.remix", check)
        case _:
            pass


def check_source_task(song: music_pb2.SongSpec, seconds: float, longest: float, check: Violations) -> None:
    """Notes what is wrong with a task whose source has a length, where songs have a longest one."""
    path = f"song.{task_name(song)}"
    _check_tracks(song, path, check)
    if _check_names(song, check):
        task = task_of(song)
        if not isinstance(task, NewSong):
            _check_told_length(song, seconds_of(task, seconds), "the source and what is added", check)
        match task:
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
            case Extend(before=before, after=after):
                added = {"before": before, "after": after}
                both_fit = [check.within(each, 0, longest, f"{path}.{name}") for name, each in added.items()]
                if all(both_fit):
                    added_frames = frames_of(max(before, after))
                    check.that(added_frames > 0, f"{path}.after", "and before add nothing; give a length")
                    total = seconds_of(task, seconds)
                    check.that(
                        total <= longest,
                        f"{path}.after",
                        f"and before make a song of {total:g} s; the model's longest has {longest:g} s",
                    )
            case _:
                pass


def check_seeds(seeds: Sequence[int], items: int, check: Violations, field: str) -> None:
    """Notes where there are more seeds than items."""
    check.that(len(seeds) <= items, field, f"has {len(seeds)} seeds where items is {items}; give at most one each")


def _check_told_length(song: music_pb2.SongSpec, made: float, makers: str, check: Violations) -> None:
    """A length that something else decides may be told, as records do, but not chosen."""
    given = seconds_in(song.duration)
    fits = given <= 0 or abs(given - made) < _SAME_SECONDS
    check.that(fits, "song.duration", f"is {given:g}; {makers} make {made:g} s, leave it out")


def names_known(song: music_pb2.SongSpec) -> bool:
    """Whether the contract knows all tracks that a task names, so that it can be read."""
    match song.WhichOneof("task"):
        case "lego":
            return _is_track(song.lego.track)
        case "extract" | "complete":
            return all(map(_is_track, getattr(song, task_name(song)).tracks))
        case _:
            return True


def _check_names(song: music_pb2.SongSpec, check: Violations) -> bool:
    """Notes tracks that the contract does not know; returns whether there are none."""
    if task_name(song) == "lego":
        return check.that(names_known(song), "song.lego.track", "is missing or not known; name one track")
    return check.that(names_known(song), f"song.{task_name(song)}.tracks", "has a track that is not known")


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
            f"is {items} where each track ({len(tracks)}) is an item; leave it out",
        )


def _check_regions(regions: Sequence[Region], seconds: float, check: Violations, path: str) -> None:
    check.that(len(regions) <= MAX_REGIONS, path, f"has {len(regions)} parts, at most {MAX_REGIONS} are allowed")
    for number, region in enumerate(regions[:MAX_REGIONS]):
        at = f"{path}[{number}]"
        if not check.within(region.start, 0, seconds, f"{at}.start"):
            continue
        within = frames_of(region.start) < frames_of(seconds)
        check.that(within, f"{at}.start", f"is {region.start:g}, the end of the source; leave 0.04 s behind it or more")
        if region.end is None:
            continue
        if check.within(region.end, 0, seconds, f"{at}.end"):
            longer = frames_of(region.end) > frames_of(region.start)
            check.that(longer, f"{at}.end", f"is {region.end:g}, must be 0.04 s behind the start or more")
    ordered = sorted(regions, key=lambda region: region.start)
    apart = all(one.end is not None and one.end <= other.start for one, other in pairwise(ordered))
    check.that(apart, path, "overlap; join what belongs together")


def _check_codes(song: music_pb2.SongSpec, check: Violations) -> None:
    path, codes = f"song.{task_name(song)}.codes", codes_of(song)
    check.that(len(codes) <= MAX_CODES, path, f"has {len(codes)} codes, at most {MAX_CODES} are allowed")
    check.that(max(codes, default=0) < CODEBOOK_SIZE, path, f"must all be below {CODEBOOK_SIZE}")
    if codes:
        _check_told_length(song, seconds_of_codes(len(codes)), "the codes", check)
        check.that(not song.thinking.think, "song.thinking.think", "cannot be: the song follows codes that are given")


def _check_shares(message: Any, fields: Sequence[str], path: str, check: Violations) -> None:
    for field in fields:
        if message.HasField(field):
            check.within(getattr(message, field), 0, 1, f"{path}.{field}")


def _check_repaint(repaint: music_pb2.SongSpec.Repaint, check: Violations) -> None:
    path = "song.repaint"
    known = repaint.mode in music_pb2.RepaintMode.values()
    check.that(known, f"{path}.mode", f"{repaint.mode} is not a known mode")
    _check_shares(repaint, ("strength",), path, check)
    strict = repaint.mode in (music_pb2.REPAINT_MODE_CONSERVATIVE, music_pb2.REPAINT_MODE_AGGRESSIVE)
    check.that(
        not (strict and repaint.HasField("strength")),
        f"{path}.strength",
        "is of balanced repaints; leave it or the mode",
    )


def _check_retake(song: music_pb2.SongSpec, check: Violations) -> None:
    retake = song.retake
    _check_shares(retake, ("variance", "code_strength"), "song.retake", check)
    check.that(bool(song.seeds), "song.seeds", "is empty; give the seed of the song that is to have other takes")
    check_seeds(retake.seeds, song.items or 1, check, "song.retake.seeds")


def _check_edit(edit: music_pb2.SongSpec.Edit, check: Violations) -> None:
    path = "song.edit"
    rules.check_edit_steps(edit.n_min, edit.n_max if edit.HasField("n_max") else 1.0, check, path)
    most = rules.MAX_EDIT_DRAWS
    check.that(edit.n_avg <= most, f"{path}.n_avg", f"is {edit.n_avg}, must be at most {most}")
    described = edit.source_caption.strip() or edit.source_lyrics.strip()
    check.that(bool(described), f"{path}.source_caption", "is empty; say what the source is")
    check.characters(edit.source_caption, MAX_CAPTION_CHARACTERS, f"{path}.source_caption")
    check.characters(edit.source_lyrics, MAX_LYRIC_CHARACTERS, f"{path}.source_lyrics")


def _covers(regions: Sequence[Region], seconds: float) -> bool:
    frames = frames_of(seconds)
    spans = [frames_in(region, frames) for region in regions] if frames else []
    return bool(spans) and sum(last - first for first, last in spans) >= frames
