"""Batches drawn by other processes while the network computes: a GPU is faster than the pen that writes the words."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from types import TracebackType
from typing import Self

from services.planner.prompts import Prompts
from services.planner.tokenization import PlannerTokenizer
from training.planner.answers import Example
from training.planner.codes import read_codes
from training.planner.examples import Examples, ExampleSettings

_AHEAD_PER_PROCESS = 2


@dataclass(frozen=True)
class ExampleSource:
    """Where examples come from: latents whose codes are kept, and a tokenizer. Any process draws the same from it.

    Other processes know no class of a `__main__`, so the settings are none of it.
    """

    latents: Path
    tokenizer: Path
    vocabulary: int
    settings: ExampleSettings
    seed: int
    new_words: bool

    def examples(self) -> Examples:
        """Draws in this process."""
        prompts = Prompts(PlannerTokenizer.load(self.tokenizer, self.vocabulary))
        store = read_codes(self.latents)
        return Examples(store, prompts, self.settings, self.seed, new_words=self.new_words)


class DrawnAhead:
    """The batches of a source, which are to be asked for in turn; some are always on their way."""

    def __init__(self, source: ExampleSource, processes: int) -> None:
        self._source = source
        self._ahead = _AHEAD_PER_PROCESS * processes
        self._coming: dict[int, Future[list[Example]]] = {}
        self._pool = ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=_leave_signals)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._pool.shutdown(cancel_futures=True)

    def batch(self, number: int) -> Sequence[Example]:
        """Batch n, as the source draws it; raises what drawing it raises."""
        for coming in range(number, number + self._ahead + 1):
            if coming not in self._coming:
                self._coming[coming] = self._pool.submit(_draw, self._source, coming)
        return self._coming.pop(number).result()


@cache
def _examples(source: ExampleSource) -> Examples:
    return source.examples()


def _draw(source: ExampleSource, number: int) -> list[Example]:
    return _examples(source).batch(number)


def _leave_signals() -> None:
    """Signals to a group reach every process; it is the training that ends, after its step."""
    for asked in (signal.SIGINT, signal.SIGTERM):
        signal.signal(asked, signal.SIG_IGN)
