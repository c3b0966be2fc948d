"""How a task is laid out for the DiT: what it hears of the source, where it may write (spec/model.md §4.2, §4.6)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gateway.tasks import frames_in, frames_of
from quartet.tasks import Complete, Cover, Extend, Extract, Lego, Repaint, SourceTask, Track

LatentArray = npt.NDArray[np.float32]
Frames = npt.NDArray[np.bool_]

FOLLOW_CODES = "Generate audio semantic tokens based on the given conditions:"
REPAINT = "Repaint the mask area based on the given conditions:"
_BETWEEN_TRACKS = " | "


@dataclass(frozen=True)
class Framing:
    """The context of one item of so many frames: source latents [frames or fewer, channels], which of its frames are
    heard as silence, and which frames may be written; None is none of them, and all of them."""

    instruction: str
    frames: int
    source: LatentArray | None = None
    silenced: Frames | None = None
    mask: Frames | None = None


@dataclass(frozen=True)
class Kept:
    """Where the frames of the source lie in the result, and the spans of frames of the result that are new."""

    first: int
    new: tuple[tuple[int, int], ...]


def frame(task: SourceTask, source: LatentArray, track: Track | None) -> Framing:
    """Lays out a task at its source [frames, channels], or at the hints that a cover follows, for one of its tracks."""
    frames = len(source)
    match task:
        case Cover():
            return Framing(FOLLOW_CODES, frames, source)
        case Repaint():
            new = _frames(frames, kept(task, frames).new)
            return Framing(REPAINT, frames, source, silenced=new, mask=None if task.free_mask else new)
        case Extend():
            first, last = frames_of(task.before), frames_of(task.after)
            padded = np.concatenate((np.zeros((first, source.shape[1]), np.float32), source))
            total = first + frames + last
            new = _frames(total, kept(task, frames).new)
            return Framing(REPAINT, total, padded, silenced=new, mask=new)
        case Extract():
            return Framing(f"Extract the {_named([track])} track from the audio:", frames, source)
        case Lego():
            spans = [frames_in(region, frames) for region in task.regions]
            mask = _frames(frames, spans) if spans else None
            return Framing(
                f"Generate the {_named([track])} track based on the audio context:", frames, source, mask=mask
            )
        case Complete():
            with_tracks = f" with {_named(task.tracks)}" if task.tracks else ""
            return Framing(f"Complete the input track{with_tracks}:", frames, source)


def kept(task: Repaint | Extend, frames: int) -> Kept:
    """What stays of a source of so many frames."""
    if isinstance(task, Repaint):
        return Kept(0, tuple(sorted(frames_in(region, frames) for region in task.regions)))
    first, after = frames_of(task.before), frames_of(task.after)
    end = first + frames
    return Kept(first, tuple(span for span in ((0, first), (end, end + after)) if span[0] < span[1]))


def _frames(count: int, spans: Iterable[tuple[int, int]]) -> Frames:
    chosen = np.zeros(count, np.bool_)
    for first, last in spans:
        chosen[first:last] = True
    return chosen


def _named(tracks: Sequence[Track | str | None]) -> str:
    return _BETWEEN_TRACKS.join(str(track).upper() for track in tracks)
