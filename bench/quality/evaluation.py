"""What the parts of an evaluation share: the servers, the prompts, and where results go."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from bench.quality.figures import Figure
from bench.quality.recordings import recording_of
from bench.quality.stages import Stages
from bench.quality.style import StyleClassifier
from quartet import Client
from quartet.cli.audio import Recording
from training.synth.clip import Clip, Description, describe, make_clip

# Seeds of what no training sees: training draws from far below, the classifier from above.
PROMPT_SEEDS = 1_000_000_000

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Size:
    """How much is measured: prompts, songs of each, clips for what takes a recording, seconds of all of them.

    So many songs are asked for `at_once`: servers share their forward passes, and one is heard while others are made.
    `steps` are those of sampling; 0 takes the model's own.
    """

    prompts: int = 200
    rounds: int = 1
    clips: int = 40
    seconds: float = 30.0
    at_once: int = 4
    steps: int = 0


@dataclass(frozen=True)
class Evaluation:
    """A model family that is served, and a classifier for what it makes. Audio goes to `folder`."""

    client: Client
    stages: Stages
    classifier: StyleClassifier
    size: Size
    folder: Path

    def prompts(self) -> Iterator[Description]:
        """Clips in words that no training has seen, always the same."""
        return map(partial(describe, seconds=self.size.seconds), self._seeds(self.size.prompts))

    def clips(self) -> Iterator[Clip]:
        """The first of them with their sound, at the codec's rate."""
        make = partial(make_clip, seconds=self.size.seconds, rate=self.stages.codec.rate)
        return map(make, self._seeds(self.size.clips))

    def of_each(self, measure: Callable[[T], R], items: Iterable[T]) -> list[R]:
        """`in_order`, as many at once as the size says."""
        return in_order(measure, items, self.size.at_once)

    @staticmethod
    def _seeds(count: int) -> range:
        return range(PROMPT_SEEDS, PROMPT_SEEDS + count)


def in_order(measure: Callable[[T], R], items: Iterable[T], at_once: int) -> list[R]:
    """What is measured of each item, in their order. Items are drawn when their turn comes: clips are large."""
    found: list[R] = []
    with ThreadPoolExecutor(at_once) as pool:
        under_way: deque[Future[R]] = deque()
        for item in items:
            under_way.append(pool.submit(measure, item))
            if len(under_way) > at_once:
                found.append(under_way.popleft().result())
        return [*found, *(last.result() for last in under_way)]


@dataclass(frozen=True)
class Outcome:
    """Figures of a section and the rows, dataclasses, that they are of."""

    figures: tuple[Figure, ...] = ()
    rows: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Section:
    """A part of the evaluation. `measure` gets the outcomes of the sections before it, by name.

    It raises NotOfferedError or what the servers raise where the product cannot do this.
    """

    name: str
    title: str
    method: str
    measure: Callable[[Evaluation, Mapping[str, Outcome]], Outcome]


def mix_of(clip: Clip) -> Recording:
    """The whole clip."""
    return recording_of(clip.audio, clip.rate)


def stem_of(clip: Clip, name: str) -> Recording:
    """One of its stems."""
    return recording_of(clip.stems[name], clip.rate)


def without_stem(clip: Clip, name: str) -> Recording:
    """All of it but one of its stems."""
    return recording_of(clip.audio - clip.stems[name], clip.rate)


def with_previous(clips: Iterable[Clip]) -> Iterator[tuple[Clip, Clip | None]]:
    """Each clip, and the one before it, to which a result of it should not be alike."""
    previous = None
    for clip in clips:
        yield clip, previous
        previous = clip
