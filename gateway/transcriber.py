"""When the lyrics of a finished song are sung: its latents and its words again, through the DiT's attention."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gateway import lyrics
from gateway.artifacts import ArtifactStore
from gateway.audio import reading
from gateway.framing import FOLLOW_CODES
from gateway.source import encode_reference, kept_latents, seed_of
from gateway.stages import CHANNELS, Attention, Codec, Condition, Stages
from gateway.tasks import FRAMES_PER_SECOND
from quartet import tensors
from quartet.errors import ConflictError, NotFoundError
from quartet.planning import Blueprint
from quartet.songs import SongSpec
from quartet.tasks import Edit, NewSong, Remix
from quartet.v1 import music_pb2, tensor_pb2

# Of the noise that is mixed in: one for all songs, as in the official application.
_NOISE_SEED = 42
# What a file may last beyond its song: some codecs fill their last block, and others lose some of it.
_PADDING_SECONDS = 1.0


@dataclass(frozen=True)
class LyricsTiming:
    """Sung lines in time, how well the music follows all of the lyrics, and what was not as it should be."""

    lines: tuple[lyrics.TimedLine, ...]
    scores: lyrics.Scores
    warnings: tuple[str, ...]


class Transcriber:
    """Finds when lyrics are sung."""

    def __init__(self, stages: Stages, artifacts: ArtifactStore, max_reference_seconds: float) -> None:
        self._stages = stages
        self._artifacts = artifacts
        self._max_reference_seconds = max_reference_seconds

    async def transcribe(self, record: music_pb2.SongRecord, index: int, seconds_allowed: float) -> LyricsTiming:
        """The timing of one item of a succeeded job.

        Raises NotFoundError where the job has no such item, or its audio is gone, ConflictError where nobody sings or
        the audio can no longer be read, and what the stages raise.
        """
        if index >= len(record.items):
            raise NotFoundError.of("item", str(index), f"the job has {len(record.items)}")
        item, song = record.items[index], _planned(record)
        if not isinstance(song.task, NewSong | Edit | Remix):
            raise ConflictError(
                f"the song follows its source ({type(song.task).__name__}): its lyrics cannot be timed, as those of "
                "songs from words, edits and remixes can",
                reason="FOLLOWS_SOURCE",
            )
        lines = lyrics.sung_lines(song.lyrics)
        if not lines:
            raise ConflictError("the song has no lyrics that are sung, so there are none to find", reason="NO_LYRICS")
        ends = time.monotonic() + seconds_allowed

        def seconds_left() -> float:
            return max(ends - time.monotonic(), 0.0)

        codec = await self._stages.codec()
        latents = await self._final_latents(item, codec, seconds_left)
        condition, hints = await self._conditions(song, item, codec, seconds_left)
        heard = await self._stages.align(song.model, latents, condition, hints, _NOISE_SEED, seconds_left())
        return await asyncio.to_thread(_timing, song.lyrics, lines, heard, condition, latents.shape[0])

    async def _final_latents(
        self, item: music_pb2.SongItem, codec: Codec, seconds_left: Callable[[], float]
    ) -> tensor_pb2.Tensor:
        """The latents of an item: those that were kept, or else from its file, which has one posterior seed."""
        file = self._artifacts.find(item.audio_id)
        frames = round(FRAMES_PER_SECOND * item.samples / item.sample_rate)
        kept = await asyncio.to_thread(kept_latents, self._artifacts.attachment(file), codec, frames)
        if kept is not None:
            return tensors.encode(kept[0])
        longest = item.samples / item.sample_rate + _PADDING_SECONDS
        try:
            pcm = await asyncio.to_thread(reading.read_whole, file.path, longest, codec.rate)
        except reading.AudioError as error:
            raise ConflictError(f"item {item.index} cannot be listened to: its audio {error}") from None
        song = np.zeros((frames * codec.rate // FRAMES_PER_SECOND, CHANNELS), np.float32)
        song[: len(pcm)] = pcm[: len(song)]
        latents, _ = await self._stages.encode_audio(song, codec.rate, seed_of(file.id), seconds_left())
        return latents

    async def _conditions(
        self, song: SongSpec, item: music_pb2.SongItem, codec: Codec, seconds_left: Callable[[], float]
    ) -> tuple[Condition, tensor_pb2.Tensor | None]:
        """What the item was sampled under and along: its words, its reference, and its audio codes as hints."""
        reference = None
        if song.reference_audio_id:
            file = self._artifacts.find(song.reference_audio_id)
            try:
                reference, _ = await encode_reference(
                    file, codec, self._max_reference_seconds, self._stages, seconds_left()
                )
            except reading.AudioError as error:
                raise ConflictError(f"the song's reference cannot be listened to: it {error}") from None
        instruction = FOLLOW_CODES if item.codes else ""
        condition = await self._stages.encode_prompt(song, instruction, reference, seconds_left())
        if not item.codes:
            return condition, None
        hints, _ = await self._stages.detokenize(song.model, item.codes, seconds_left())
        return condition, hints


def _planned(record: music_pb2.SongRecord) -> SongSpec:
    """The song as the networks got it."""
    plan = Blueprint.from_message(record.plan.blueprint)
    return dataclasses.replace(SongSpec.from_message(record.song), **dataclasses.asdict(plan))


def _timing(
    text: str, lines: tuple[lyrics.SungLine, ...], heard: Attention, condition: Condition, frames: int
) -> LyricsTiming:
    spans = condition.lyric_spans
    edges = np.arange(heard.shares.shape[1] + 1) * heard.frames_per_moment
    timed = lyrics.timed_lines(lines, heard.shares, spans, np.minimum(edges, frames) / FRAMES_PER_SECOND)
    within = [token for token, (start, end) in enumerate(spans) if start < end]
    tagged = lyrics.in_tags(text, [spans[token] for token in within])
    lost = sum(len(line.words) for line in lines) - sum(len(line.words) for line in timed)
    warnings = (f"{lost} words have no times: the model reads only what comes before them",) if lost else ()
    return LyricsTiming(timed, lyrics.scores_of(heard.shares[within], tagged), warnings)
