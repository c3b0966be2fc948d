"""Times of words from the attention to their tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gateway.lyrics.warping import Matrix, best_path
from gateway.lyrics.words import Span, SungLine, SungWord

# A word sounds where it gets this share of its largest attention: where a step that was blurred has its edge.
_SOUNDS_ABOVE = 0.5
_SMOOTHED_MOMENTS = 3
# Attention to a word that hardly gets any is not blown up beyond this share of what the middle word gets at most.
_FAINTEST = 0.3

Curve = npt.NDArray[np.float64]


@dataclass(frozen=True)
class TimedWord:
    """A word in seconds. The confidence, 0 to 1, is the share of the energy of its attention that lies in its time."""

    text: str
    start: float
    end: float
    confidence: float


@dataclass(frozen=True)
class TimedLine:
    """A line from the start of its first word to the end of its last."""

    text: str
    words: tuple[TimedWord, ...]

    @property
    def start(self) -> float:
        """In seconds."""
        return self.words[0].start

    @property
    def end(self) -> float:
        """In seconds."""
        return self.words[-1].end

    @property
    def confidence(self) -> float:
        """Mean of that of its words."""
        return float(np.mean([word.confidence for word in self.words]))


def timed_lines(
    lines: Sequence[SungLine], attention: Matrix, spans: Sequence[Span], edges: Curve
) -> tuple[TimedLine, ...]:
    """Lines in time, from attention [tokens, moments] and the characters of the lyrics that each token covers.

    `edges` [moments + 1] are the seconds at which moments begin and end. Words follow one another without overlap.
    Those that no token covers, since the lyrics were cut, are left out, and so are lines that have no others.
    """
    bounds = np.array(spans, np.int64).reshape(-1, 2)
    tokens_of = {word: _tokens(word, bounds) for line in lines for word in line.words}
    heard = [word for line in lines for word in line.words if len(tokens_of[word])]
    if not heard:
        return ()
    attended = _above_background(np.stack([attention[tokens_of[word]].mean(axis=0) for word in heard]))
    times = dict(zip(heard, _times(heard, attended, edges), strict=True))
    timed = [TimedLine(line.text, tuple(times[word] for word in line.words if word in times)) for line in lines]
    return tuple(line for line in timed if line.words)


def _tokens(word: SungWord, bounds: npt.NDArray[np.int64]) -> npt.NDArray[np.intp]:
    return np.flatnonzero((bounds[:, 0] < word.end) & (bounds[:, 1] > word.start))


def _above_background(attention: Matrix) -> Matrix:
    """What a word gets beyond what it gets at any time, 1 at most."""
    beyond: Matrix = np.maximum(attention - np.median(attention, axis=1, keepdims=True), 0)
    most = beyond.max(axis=1, keepdims=True)
    most = np.maximum(most, _FAINTEST * np.median(most))
    return (beyond / np.where(most > 0, most, 1)).astype(np.float32)


def _times(words: Sequence[SungWord], attended: Matrix, edges: Curve) -> list[TimedWord]:
    energy = np.square(attended)
    rows, columns = best_path(energy)
    begin, end = (np.interp(place, np.arange(len(edges)), edges) for place in _parts_of_moments(columns))
    starts = np.searchsorted(rows, np.arange(len(words) + 1))
    timed = []
    for row, word in enumerate(words):
        first, last = _sounding(attended[row, columns[starts[row] : starts[row + 1]]])
        cells = slice(starts[row] + first, starts[row] + last + 1)
        inside = energy[row, columns[cells]].sum(dtype=np.float64)
        total = energy[row].sum(dtype=np.float64)
        timed.append(
            TimedWord(
                word.text,
                float(begin[cells][0]),
                float(end[cells][-1]),
                float(inside / total) if total > 0 else 0.0,
            )
        )
    return timed


def _parts_of_moments(columns: npt.NDArray[np.intp]) -> tuple[Curve, Curve]:
    """Where each cell of a path begins and ends, in moments: cells of one moment share it evenly."""
    moments, first, counts = np.unique(columns, return_index=True, return_counts=True)
    place = np.arange(len(columns)) - np.repeat(first, counts)
    shared = np.repeat(counts, counts)
    moment = np.repeat(moments, counts)
    return moment + place / shared, moment + (place + 1) / shared


def _sounding(attention: Matrix) -> tuple[int, int]:
    """First and last of the moments around the loudest one; all where there is nothing to hear."""
    width = min(_SMOOTHED_MOMENTS, len(attention))
    smooth = np.convolve(attention, np.ones(width) / width, mode="same")
    loudest = int(smooth.argmax())
    if smooth[loudest] <= 0:
        return 0, len(attention) - 1
    silent = np.flatnonzero(smooth < _SOUNDS_ABOVE * smooth[loudest])
    place = int(np.searchsorted(silent, loudest))
    first = int(silent[place - 1]) + 1 if place else 0
    last = int(silent[place]) - 1 if place < len(silent) else len(attention) - 1
    return first, last
