"""Items and recordings as the DiT can listen to them: their latents, and what these were sampled under and along."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from gateway.alignment import Rendition, check_sung
from gateway.artifacts import ArtifactStore, Beside
from gateway.audio import reading
from gateway.conditions import encode_words, hear_codes, hear_source
from gateway.framing import FOLLOW_CODES, FOLLOW_WORDS, Framing, LatentArray, frame
from gateway.notes import Notes
from gateway.source import kept_latents, latents_of, load_reference, load_source, measure, seed_of
from gateway.stages import CHANNELS, Codec, Stages
from gateway.tasks import FRAMES_PER_SECOND, frames_of
from gateway.tools import Tools
from quartet.errors import ConflictError, FieldViolation, InvalidRequestError, NotFoundError
from quartet.planning import Blueprint
from quartet.songs import SongSpec
from quartet.task_messages import track_name
from quartet.tasks import Edit, Extend, NewSong, Remix, SourceTask, Track
from quartet.v1 import music_pb2, tensor_pb2

# What a file may last beyond its song: some codecs fill their last block, and others lose some of it.
_PADDING_SECONDS = 1.0


@dataclasses.dataclass(frozen=True)
class Recording:
    """Audio by its id, with the words that are sung in it."""

    audio_id: str
    lyrics: str
    caption: str
    vocal_language: str


class Renditions:
    """Brings together what it takes to listen to an item or to a recording. Who holds one of the `readers` decodes."""

    def __init__(
        self, stages: Stages, artifacts: ArtifactStore, max_upload_seconds: float, readers: asyncio.Semaphore
    ) -> None:
        self._stages = stages
        self._artifacts = artifacts
        self._max_upload_seconds = max_upload_seconds
        self._readers = readers

    async def of_item(self, record: music_pb2.SongRecord, index: int, seconds_left: Callable[[], float]) -> Rendition:
        """An item of a succeeded job.

        Raises NotFoundError where its audio, its source or its reference is gone, ConflictError where nobody sings or
        one of them can no longer be read, and what the stages raise.
        """
        item, song = item_of(record, index), _planned(record)
        check_sung(song.lyrics)
        tools, notes = self._tools(seconds_left), Notes()
        codec = await self._stages.codec()
        async with self._readers:
            latents = await self._latents(item, codec, tools)
            framing = await self._framing(song, item, len(latents), codec, tools, notes)
            reference = await self._reference(song, codec, tools, notes)
        instruction = framing.instruction or (FOLLOW_CODES if item.codes else "")
        condition = await encode_words(song, _track(item), instruction, reference, tools, notes)
        return Rendition(song.model, song.lyrics, latents, condition, framing)

    async def of_recording(self, recording: Recording, seconds_left: Callable[[], float]) -> Rendition:
        """A recording, heard as a song of its words alone. Raises InvalidRequestError, NotFoundError."""
        tools, notes = self._tools(seconds_left), Notes()
        file = self._artifacts.find(recording.audio_id)
        seconds = await asyncio.to_thread(measure, file, "audio_id", self._max_upload_seconds)
        (offer, *_), _ = await self._stages.offers()
        frames = frames_of(seconds)
        if not 1 <= frames <= frames_of(offer.max_seconds):
            description = f"lasts {seconds:.2f} s, must be of 0.04 to {offer.max_seconds:g} s"
            raise InvalidRequestError.of([FieldViolation("audio_id", description)])
        async with self._readers:
            source = await load_source(file.id, "audio_id", await self._stages.codec(), tools, notes, frames)
        song = SongSpec(
            recording.caption,
            recording.lyrics,
            duration=seconds,
            vocal_language=recording.vocal_language,
            model=offer.id,
        )
        condition = await encode_words(song, None, FOLLOW_WORDS, None, tools, notes)
        framing = Framing(FOLLOW_WORDS, len(source.latents))
        return Rendition(song.model, song.lyrics, source.latents, condition, framing)

    def _tools(self, seconds_left: Callable[[], float]) -> Tools:
        return Tools(self._stages, self._artifacts, lambda _: None, seconds_left, self._max_upload_seconds)

    async def _latents(self, item: music_pb2.SongItem, codec: Codec, tools: Tools) -> LatentArray:
        """The latents of an item: those that were kept, or else from its file, which has one posterior seed."""
        file = self._artifacts.find(item.audio_id)
        frames = round(FRAMES_PER_SECOND * item.samples / item.sample_rate)
        kept = await asyncio.to_thread(kept_latents, self._artifacts.attachment(file, Beside.LATENTS), codec, frames)
        if kept is not None:
            return kept[0]
        longest = item.samples / item.sample_rate + _PADDING_SECONDS
        try:
            pcm = await asyncio.to_thread(reading.read_whole, file.path, longest, codec.rate)
        except reading.AudioError as error:
            raise ConflictError(f"item {item.index} cannot be listened to: its audio {error}") from None
        song = np.zeros((frames * codec.rate // FRAMES_PER_SECOND, CHANNELS), np.float32)
        song[: len(pcm)] = pcm[: len(song)]
        latents, _ = await self._stages.encode_audio(song, codec.rate, seed_of(file.id), tools.seconds_left())
        return latents_of(latents, "vae", frames)

    async def _framing(
        self, song: SongSpec, item: music_pb2.SongItem, frames: int, codec: Codec, tools: Tools, notes: Notes
    ) -> Framing:
        """What the item was sampled along: hints of its codes, its source as its task lays it out, or silence."""
        task = song.task
        if isinstance(task, NewSong):
            hints = await hear_codes(song.model, tuple(item.codes), tools, notes) if item.codes else None
            return Framing("", frames, hints)
        if isinstance(task, Edit | Remix):
            return Framing(FOLLOW_WORDS, frames)
        with _needed(str(task.source), "source"):
            heard = _source_frames(task, frames)
            source = await load_source(str(task.source), "source_audio_id", codec, tools, notes, heard)
        return frame(task, source.latents, await hear_source(song, source, tools, notes), _track(item))

    async def _reference(self, song: SongSpec, codec: Codec, tools: Tools, notes: Notes) -> tensor_pb2.Tensor | None:
        if not song.reference_audio_id:
            return None
        with _needed(song.reference_audio_id, "reference"):
            return await load_reference(song.reference_audio_id, codec, tools, notes)


def item_of(record: music_pb2.SongRecord, index: int) -> music_pb2.SongItem:
    """One item of a job. Raises NotFoundError."""
    if index >= len(record.items):
        raise NotFoundError.of("item", str(index), f"the job has {len(record.items)}")
    return record.items[index]


@contextmanager
def _needed(audio_id: str, role: str) -> Iterator[None]:
    """Around the reading of audio that an item was made with."""
    try:
        yield
    except NotFoundError:
        raise NotFoundError.of(
            "audio", audio_id, f"it is the {role} that the song was made with; upload it again"
        ) from None
    except InvalidRequestError as error:
        raise ConflictError(f"the {role} that the song was made with cannot be listened to: {error}") from None


def _planned(record: music_pb2.SongRecord) -> SongSpec:
    """The song as the networks got it."""
    plan = Blueprint.from_message(record.plan.blueprint)
    return dataclasses.replace(SongSpec.from_message(record.song), **dataclasses.asdict(plan))


def _source_frames(task: SourceTask, frames: int) -> int:
    """Frames of the source of an item of so many."""
    return frames - frames_of(task.before) - frames_of(task.after) if isinstance(task, Extend) else frames


def _track(item: music_pb2.SongItem) -> Track | None:
    return Track(track_name(item.track)) if item.track else None
