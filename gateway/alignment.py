"""When lyrics are sung: what the latents of a finished item attend to, in one pass of the DiT."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gateway import lyrics
from gateway.framing import Framing, LatentArray
from gateway.sampling import context_fields
from gateway.stages import Attention, Condition, Stages
from gateway.tasks import FRAMES_PER_SECOND
from quartet import tensors
from quartet.errors import ConflictError
from quartet.v1 import dit_pb2

# Of the noise that is mixed in: one for all songs, as in the official application.
_NOISE_SEED = 42
_PURE_NOISE = 1.0


@dataclass(frozen=True)
class Rendition:
    """Lyrics as an item sings them: its latents [frames, channels], and what these were sampled under and along."""

    model: str
    lyrics: str
    latents: LatentArray
    condition: Condition
    framing: Framing


@dataclass(frozen=True)
class LyricsTiming:
    """Sung lines in time, how well the music follows all of the lyrics, and what was not as it should be."""

    lines: tuple[lyrics.TimedLine, ...]
    scores: lyrics.Scores
    warnings: tuple[str, ...]


def check_sung(text: str) -> None:
    """Raises ConflictError where lyrics have nothing that is sung."""
    if not lyrics.sung_lines(text):
        raise ConflictError("the song has no lyrics that are sung, so there are none to find", reason="NO_LYRICS")


async def time_lyrics(rendition: Rendition, stages: Stages, seconds_left: float) -> LyricsTiming:
    """When the lyrics of an item are sung. Raises ConflictError where none are, and what the DiT raises."""
    check_sung(rendition.lyrics)
    heard = await stages.align(_request(rendition, None), seconds_left)
    return await asyncio.to_thread(_timing, rendition, heard)


async def score_context(rendition: Rendition, stages: Stages, seconds_left: float) -> lyrics.Scores:
    """How well what an item was sampled along follows its lyrics, whatever became of it: the DiT listens to noise."""
    check_sung(rendition.lyrics)
    heard = await stages.align(_request(rendition, _PURE_NOISE), seconds_left)
    return await asyncio.to_thread(_scores, rendition, heard)


def _request(rendition: Rendition, noise_level: float | None) -> dit_pb2.AlignRequest:
    condition = rendition.condition
    return dit_pb2.AlignRequest(
        model=rendition.model,
        latents=tensors.encode(rendition.latents),
        condition=condition.condition,
        lyric_tokens=len(condition.lyric_spans),
        seed=_NOISE_SEED,
        noise_level=noise_level,
        **context_fields(rendition.framing),
    )


def _timing(rendition: Rendition, heard: Attention) -> LyricsTiming:
    lines, spans = lyrics.sung_lines(rendition.lyrics), rendition.condition.lyric_spans
    edges = np.arange(heard.shares.shape[1] + 1) * heard.frames_per_moment
    seconds = np.minimum(edges, len(rendition.latents)) / FRAMES_PER_SECOND
    timed = lyrics.timed_lines(lines, heard.shares, spans, seconds)
    lost = _words_in(lines) - _words_in(timed)
    warnings = (f"{lost} words have no times: the model reads only what comes before them",) if lost else ()
    return LyricsTiming(timed, _scores(rendition, heard), warnings)


def _scores(rendition: Rendition, heard: Attention) -> lyrics.Scores:
    spans = rendition.condition.lyric_spans
    within = [token for token, (start, end) in enumerate(spans) if start < end]
    tagged = lyrics.in_tags(rendition.lyrics, [spans[token] for token in within])
    return lyrics.scores_of(heard.shares[within], tagged)


def _words_in(lines: Sequence[lyrics.SungLine] | Sequence[lyrics.TimedLine]) -> int:
    return sum(len(line.words) for line in lines)
