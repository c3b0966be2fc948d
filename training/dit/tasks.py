"""What the transformer is asked to do with a clip: the tasks of spec/model.md §4 as source, mask and target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import torch

from services.encoder.prompt import TEXT_TO_MUSIC
from training.clock import FRAMES_PER_SECOND
from training.latents import Entry, LatentStore, tiled

FRAMES_PER_CODE = 5
_SHORTEST_REPAINT = 2 * FRAMES_PER_SECOND
# How often a cover hears the same piece in another style, and how often another piece.
_ANOTHER_STYLE, _ASTRAY = 0.45, 0.15


class Task(StrEnum):
    """The tasks."""

    TEXT_TO_MUSIC = "text2music"
    COVER = "cover"
    REPAINT = "repaint"
    EXTRACT = "extract"
    LEGO = "lego"
    COMPLETE = "complete"


# Those that name a track.
TRACK_TASKS = frozenset({Task.EXTRACT, Task.LEGO, Task.COMPLETE})
_INSTRUCTIONS = {
    Task.TEXT_TO_MUSIC: TEXT_TO_MUSIC,
    Task.COVER: "Generate audio semantic tokens based on the given conditions:",
    Task.REPAINT: "Repaint the mask area based on the given conditions:",
    Task.EXTRACT: "Extract the {track} track from the audio:",
    Task.LEGO: "Generate the {track} track based on the audio context:",
    Task.COMPLETE: "Complete the input track with {track}:",
}


@dataclass(frozen=True)
class Framed:
    """A task at a clip. Latents are [frames, channels], `mask` [frames] is 1 where the model writes.

    A cover's source goes through the audio codes before it becomes the context: its last window ends in silence. With
    `codes` it hears these instead.
    """

    task: Task
    instruction: str
    target: torch.Tensor
    source: torch.Tensor
    mask: torch.Tensor
    codes: Sequence[int] = ()


def frame(random: np.random.Generator, task: Task, store: LatentStore, entry: Entry, other: Entry) -> Framed:
    """Lays out a task at an entry.

    A cover hears the codes of itself, of the same piece in another style, or of `other`: where words and codes
    disagree, words are right, and what words do not say comes from codes. What a repaint does not keep is silence in
    its source, whose clock does not tell its beats: those that it keeps do, and recordings begin anywhere.
    """
    whole = store.mix(entry)
    mask = torch.ones(len(whole))
    silence = tiled(store.silence, len(whole))
    target, source = whole, whole
    if task is Task.TEXT_TO_MUSIC:
        source = silence
    elif task is Task.COVER:
        heard = _heard(random, store, entry, other)
        source = torch.cat((heard, tiled(store.silence, -len(whole) % FRAMES_PER_CODE)))
    elif task is Task.REPAINT:
        mask = _span(random, len(whole))
        late = int(random.integers(len(store.silence)))
        source = torch.where(mask[:, None] > 0, tiled(store.silence.roll(late, dims=0), len(whole)), whole)
    elif task is Task.EXTRACT:
        target = store.stem(entry)
    elif task is Task.LEGO:
        target, source = store.stem(entry), store.rest(entry)
    elif task is Task.COMPLETE:
        source = store.rest(entry)
    return Framed(task, instruction_of(task, entry.stem), target, source, mask)


def _heard(random: np.random.Generator, store: LatentStore, entry: Entry, other: Entry) -> torch.Tensor:
    kind = random.random()
    if kind < _ANOTHER_STYLE:
        return store.cover(entry)
    return store.mix(other if kind < _ANOTHER_STYLE + _ASTRAY else entry)


def instruction_of(task: Task, track: str = "") -> str:
    """What the text encoder reads of a task."""
    return _INSTRUCTIONS[task].format(track=track.upper())


def _span(random: np.random.Generator, frames: int) -> torch.Tensor:
    """Ones over a random part, from two seconds to almost all."""
    mask = torch.zeros(frames)
    length = int(random.integers(min(_SHORTEST_REPAINT, frames), max(frames - 1, _SHORTEST_REPAINT) + 1))
    start = int(random.integers(0, max(frames - length, 0) + 1))
    mask[start : start + length] = 1
    return mask
