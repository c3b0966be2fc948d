"""How a task is laid out for the DiT: what it hears, begins from and may write (spec/model.md §4.2, §4.6 to §4.8)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gateway.tasks import frames_in, frames_of
from quartet.tasks import (
    Complete,
    Cover,
    Edit,
    Extend,
    Extract,
    Lego,
    Remix,
    Repaint,
    RepaintMode,
    SourceTask,
    Track,
)

LatentArray = npt.NDArray[np.float32]
Frames = npt.NDArray[np.bool_]

FOLLOW_WORDS = "Fill the audio semantic mask based on the given conditions:"
FOLLOW_CODES = "Generate audio semantic tokens based on the given conditions:"
REPAINT = "Repaint the mask area based on the given conditions:"
_BETWEEN_TRACKS = " | "
# Share of the steps, and frames of the crossfade, of repaints whose strength says nothing (spec/model.md §4.7).
_HOLDS = {RepaintMode.AGGRESSIVE: (0.0, 0), RepaintMode.CONSERVATIVE: (1.0, 25)}
_LONGEST_CROSSFADE = 25
_BALANCED = 0.5


@dataclass(frozen=True)
class Start:
    """Latents [frames, channels] to begin from at a noise level, or at the nearest one of the schedule."""

    latents: LatentArray
    noise: float
    exact: bool


@dataclass(frozen=True)
class Hold:
    """Latents [frames or fewer, channels], None being silence, that hold outside of the `free` frames: for a share of
    the steps, and when all are done, but for a crossfade of so many frames."""

    latents: LatentArray | None
    free: Frames
    injection: float
    crossfade_frames: int


@dataclass(frozen=True)
class Framing:
    """One item of so many frames.

    Its context is source latents [frames or fewer, channels], which of the frames are heard as silence, and which may
    be written; None is none of them, and all of them. `edited` latents are changed instead of sampled.
    """

    instruction: str
    frames: int
    source: LatentArray | None = None
    silenced: Frames | None = None
    mask: Frames | None = None
    start: Start | None = None
    hold: Hold | None = None
    edited: LatentArray | None = None


@dataclass(frozen=True)
class Kept:
    """Where the frames of the source lie in the result, and the spans of frames of the result that are new."""

    first: int
    new: tuple[tuple[int, int], ...]


def frame(task: SourceTask, source: LatentArray, heard: LatentArray, track: Track | None) -> Framing:
    """Lays out a task, its open choices made, for one of its tracks. Both latents are [frames, channels]: the source's,
    and what is heard of them, which are the hints of its audio codes in a cover."""
    frames = len(source)
    match task:
        case Cover():
            start = Start(source, 1 - task.noise_strength, exact=False) if task.noise_strength else None
            return Framing(FOLLOW_CODES, frames, heard, start=start)
        case Repaint():
            new = _frames(frames, kept(task, frames).new)
            hold = _hold(source, new, task.mode, task.strength)
            return Framing(REPAINT, frames, source, silenced=new, mask=None if task.free_mask else new, hold=hold)
        case Extend():
            first, last = frames_of(task.before), frames_of(task.after)
            padded = np.concatenate((np.zeros((first, source.shape[1]), np.float32), source))
            total = first + frames + last
            new = _frames(total, kept(task, frames).new)
            return Framing(REPAINT, total, padded, silenced=new, mask=new, hold=_hold(padded, new, None, None))
        case Extract():
            return Framing(f"Extract the {_named([track])} track from the audio:", frames, source)
        case Lego():
            spans = [frames_in(region, frames) for region in task.regions]
            mask = _frames(frames, spans) if spans else None
            # Beside its regions the model repeats what it hears, which is no part of the track.
            silent = None if mask is None else Hold(None, mask, injection=0, crossfade_frames=1)
            instruction = f"Generate the {_named([track])} track based on the audio context:"
            return Framing(instruction, frames, source, mask=mask, hold=silent)
        case Complete():
            with_tracks = f" with {_named(task.tracks)}" if task.tracks else ""
            return Framing(f"Complete the input track{with_tracks}:", frames, source)
        case Edit():
            return Framing(FOLLOW_WORDS, frames, edited=source)
        case Remix():
            return Framing(FOLLOW_WORDS, frames, start=Start(source, 1 - (task.strength or 0.0), exact=True))


def kept(task: Repaint | Extend, frames: int) -> Kept:
    """What stays of a source of so many frames."""
    if isinstance(task, Repaint):
        return Kept(0, tuple(sorted(frames_in(region, frames) for region in task.regions)))
    first, after = frames_of(task.before), frames_of(task.after)
    end = first + frames
    return Kept(first, tuple(span for span in ((0, first), (end, end + after)) if span[0] < span[1]))


def _hold(source: LatentArray, free: Frames, mode: RepaintMode | str | None, strength: float | None) -> Hold:
    """By mode or, in a balanced repaint, by the strength (spec/model.md §4.7)."""
    if mode in _HOLDS:
        return Hold(source, free, *_HOLDS[RepaintMode(mode)])
    strictness = 1 - (_BALANCED if strength is None else strength)
    return Hold(source, free, strictness, round(_LONGEST_CROSSFADE * strictness))


def _frames(count: int, spans: Iterable[tuple[int, int]]) -> Frames:
    chosen = np.zeros(count, np.bool_)
    for first, last in spans:
        chosen[first:last] = True
    return chosen


def _named(tracks: Sequence[Track | str | None]) -> str:
    return _BETWEEN_TRACKS.join(str(track).upper() for track in tracks)
