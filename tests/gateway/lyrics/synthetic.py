"""Alignments whose truth is known: lines at random times, attention that follows them, blurred and in noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gateway.lyrics.warping import Matrix
from gateway.lyrics.words import Span

SECONDS_PER_MOMENT = 0.08


@dataclass(frozen=True)
class Singing:
    """Lyrics, the characters of their tokens, attention [tokens, moments], and when each line begins and ends."""

    lyrics: str
    spans: tuple[Span, ...]
    attention: Matrix
    lines: tuple[tuple[float, float], ...]


def singing(seed: int, *, lines: int = 16, blur: float = 4.0, noise: float = 0.3, chorus: float = 0.4) -> Singing:
    """A song with an intro, pauses between lines and an outro; a token is a word with the space before it.

    `blur` is the width in moments of what blurs the attention, `noise` that of every token beside its own in parts of
    the highest, `chorus` how much tokens attend to where the same line is sung again.
    """
    draw = np.random.default_rng(seed)
    words = [["a", "line", "of", "words", "that", "sings"][: draw.integers(3, 7)] for _ in range(lines)]
    texts, spans, kinds, moment, truth = [], [], [], float(draw.uniform(20, 100)), []
    times: list[tuple[float, float]] = []
    length = 0

    def token(text: str, start: float, end: float, kind: int) -> None:
        nonlocal length
        texts.append(text)
        spans.append((length, length + len(text)))
        length += len(text)
        times.append((start, end))
        kinds.append(kind)

    for number, line in enumerate(words):
        if number % 4 == 0:
            for part in ("[", "Verse", "]\n"):
                token(part, moment, moment, -1)
        begin = moment
        for place, word in enumerate(line):
            lasts = float(draw.uniform(2, 9))
            token(word if not place else f" {word}", moment, moment + lasts, number % 4 * 10 + place)
            moment += lasts
        truth.append((begin * SECONDS_PER_MOMENT, moment * SECONDS_PER_MOMENT))
        token("\n", moment, moment, -1)
        moment += float(draw.uniform(3, 25)) if number % 4 < 3 else float(draw.uniform(20, 150))
    moments = int(moment + draw.uniform(5, 100))
    ideal = np.zeros((len(texts), moments))
    place_of = np.arange(moments)
    for row, (start, end) in enumerate(times):
        ideal[row] = np.clip(np.minimum(place_of + 1, end) - np.maximum(place_of, start), 0, 1)
    same = np.array(kinds)[:, None] == np.array(kinds)
    same &= np.array(kinds)[:, None] >= 0
    np.fill_diagonal(same, val=False)
    ideal += chorus * (same @ ideal)
    reach = np.arange(-int(4 * blur), int(4 * blur) + 1)
    kernel = np.exp(-((reach / blur) ** 2) / 2)
    blurred = np.stack([np.convolve(row, kernel / kernel.sum(), mode="full")[-reach[0] :][:moments] for row in ideal])
    attention = blurred + noise * blurred.max() * np.abs(draw.standard_normal(blurred.shape))
    attention /= 3 * attention.sum(axis=0).max()
    return Singing("".join(texts), tuple(spans), attention.astype(np.float32), tuple(truth))
