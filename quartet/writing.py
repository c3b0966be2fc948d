"""Requests of the calls beside the jobs, on songs in words and on finished ones; both clients send these."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypedDict

from quartet.errors import FieldViolation, InvalidRequestError
from quartet.planning import Blueprint, TokenSampling
from quartet.v1 import music_pb2


class WritingOptions(TypedDict, total=False):
    """Keyword arguments of `compose`, `rewrite` and `understand`: the fields of `Writing`."""

    sampling: TokenSampling
    seed: int | None
    model: str


@dataclass(frozen=True)
class Writing:
    """How the planner writes. Without a seed a random one is drawn, which the answer carries."""

    sampling: TokenSampling = TokenSampling()
    seed: int | None = None
    model: str = ""

    def seeded(self) -> tuple[TokenSampling, int, str]:
        """Sampling, a seed and the model; a seed of -1 is an open one."""
        seed = secrets.randbits(32) if self.seed is None or self.seed == -1 else self.seed
        return self.sampling, seed, self.model


def compose_request(
    query: str, *, instrumental: bool, vocal_language: str, options: WritingOptions
) -> tuple[music_pb2.ComposeRequest, int]:
    """The request and its seed. Raises InvalidRequestError."""
    sampling, seed, model = Writing(**options).seeded()
    with _Sayable():
        request = music_pb2.ComposeRequest(
            query=query,
            instrumental=instrumental,
            vocal_language=vocal_language,
            sampling=sampling.to_message(seed),
            model=model,
        )
    return request, seed


def rewrite_request(given: Blueprint, options: WritingOptions) -> tuple[music_pb2.RewriteRequest, int]:
    """The request and its seed. Raises InvalidRequestError."""
    sampling, seed, model = Writing(**options).seeded()
    with _Sayable():
        request = music_pb2.RewriteRequest(given=given.to_message(), sampling=sampling.to_message(seed), model=model)
    return request, seed


def understand_request(
    audio_id: str, codes: Sequence[int], options: WritingOptions
) -> tuple[music_pb2.UnderstandRequest, int]:
    """The request and its seed. Raises InvalidRequestError."""
    sampling, seed, model = Writing(**options).seeded()
    with _Sayable():
        request = music_pb2.UnderstandRequest(
            audio_id=audio_id, codes=codes, sampling=sampling.to_message(seed), model=model
        )
    return request, seed


def score_request(
    job_id: str, item: int, *, scale: float | None, skip_tags: bool, genres: str, model: str
) -> music_pb2.ScoreRequest:
    """The request. Raises InvalidRequestError."""
    with _Sayable():
        return music_pb2.ScoreRequest(
            job_id=job_id, item=item, scale=scale, skip_tags=skip_tags, genres=genres, model=model
        )


def timing_request(
    source: str, item: int, lyrics: str, caption: str, vocal_language: str
) -> music_pb2.TranscribeLyricsTimingRequest:
    """The request; the source is a recording where it comes with its lyrics, else a job. Raises InvalidRequestError."""
    with _Sayable():
        return music_pb2.TranscribeLyricsTimingRequest(
            job_id="" if lyrics else source,
            audio_id=source if lyrics else "",
            item=item,
            lyrics=lyrics,
            caption=caption,
            vocal_language=vocal_language,
        )


def check_has_lyrics(recording: Path, lyrics: str) -> None:
    """Raises InvalidRequestError where a file is to be listened to for no words."""
    if not lyrics.strip():
        raise InvalidRequestError.of([FieldViolation("lyrics", f"is empty; give the words that {recording} has")])


class _Sayable:
    """What no message can say is an invalid request."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> Literal[False]:
        if isinstance(error, OverflowError | TypeError | ValueError):
            raise InvalidRequestError.of([FieldViolation("request", str(error))]) from None
        return False
