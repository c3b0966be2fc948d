"""The chain as a function: plan, reference, encode, sample, decode, write."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

from gateway.audio import reading, writing
from gateway.audio.tags import Tags
from gateway.notes import Notes
from gateway.planning import NO_CODES, PlannedSong, plan_item, plan_song
from gateway.requests import INSTRUMENTAL
from gateway.results import ItemResult, Progress, SongResult
from gateway.stages import CHANNELS, Condition, Decoded, Latents, Step
from gateway.tools import Tools
from quartet.errors import FieldViolation, InternalError, InvalidRequestError
from quartet.songs import AudioFormat, SongSpec
from quartet.v1 import tensor_pb2

FRAMES_PER_SECOND = 25
# The instruction for music that follows audio codes (spec/model.md §4.2).
FOLLOW_CODES = "Generate audio semantic tokens based on the given conditions:"


async def text_to_music(wish: SongSpec, tools: Tools) -> SongResult:
    """Makes the items of a song: it is planned and its words are encoded once, the items are made concurrently."""
    notes = Notes()
    plan = await plan_song(wish, tools, notes)
    tools.show_plan(plan.shown)
    rate = await tools.stages.codec_rate()
    reference = await _encode_reference(plan.song, rate, tools, notes)
    condition = await _encode_words(plan, reference, tools, notes)
    async with asyncio.TaskGroup() as group:
        items = [
            group.create_task(_make_item(plan, index, condition, rate, tools, notes), name=f"item {index}")
            for index in range(wish.items)
        ]
    return notes.result(plan.shown, tuple(item.result() for item in items))


def frames_of(seconds: float) -> int:
    """Latent frames of a duration: whole ones, where the nanoseconds of the wire do not count."""
    return int(FRAMES_PER_SECOND * seconds + 1e-6)


async def _encode_reference(song: SongSpec, rate: int, tools: Tools, notes: Notes) -> tensor_pb2.Tensor | None:
    if not song.reference_audio_id:
        return None
    with notes.timed("reference") as timed:
        file = tools.artifacts.find(song.reference_audio_id)
        try:
            pcm = await asyncio.to_thread(reading.read_reference, file.path, file.id, tools.max_upload_seconds, rate)
        except reading.AudioError as error:
            raise InvalidRequestError.of([FieldViolation("song.reference_audio_id", str(error))]) from None
        latents, report = await tools.stages.encode_audio(pcm, _seed_of(file.id), tools.seconds_left())
        timed.take(report, "vae")
    tools.report(Progress("reference", 0, 1, 1))
    return latents


def _seed_of(digest: str) -> int:
    """One file, one draw: the same reference sounds the same in every request."""
    return int(digest[:8], 16)


async def _encode_words(
    plan: PlannedSong, reference: tensor_pb2.Tensor | None, tools: Tools, notes: Notes
) -> Condition:
    instruction = FOLLOW_CODES if plan.thinks else ""
    with notes.timed("encode") as timed:
        condition = await tools.stages.encode_prompt(plan.song, instruction, reference, tools.seconds_left())
        timed.take(condition.report, "encoder")
    notes.warn(*condition.warnings)
    tools.report(Progress("encode", 0, 1, 1))
    return condition


async def _make_item(
    plan: PlannedSong, index: int, condition: Condition, rate: int, tools: Tools, notes: Notes
) -> ItemResult:
    song = plan.song
    codes = await plan_item(plan, index, tools, notes) if plan.thinks else NO_CODES
    hints = await _hints(song, index, codes.values, tools, notes) if codes.values else None
    sampled = await _sample(song, index, condition, hints, tools, notes)
    with tools.artifacts.scratch_file() as pcm_file, tools.artifacts.scratch_file() as audio_file:
        samples = frames_of(song.duration or 0.0) * rate // FRAMES_PER_SECOND
        spool = writing.PcmSpool(pcm_file, samples, CHANNELS)
        decoded = await _decode(index, sampled, spool, samples, tools, notes)
        with notes.timed("write", index) as timed:
            with timed.computing():
                written = await asyncio.to_thread(
                    writing.write, spool, audio_file, decoded.sample_rate, output_of(song), tags_of(song, index)
                )
            artifact = await tools.keep(audio_file)
    tools.report(Progress("write", index, 1, 1))
    return ItemResult(
        index=index,
        seed=song.seeds[index],
        audio_id=artifact.id,
        bytes=artifact.bytes,
        samples=written.samples,
        sample_rate=written.sample_rate,
        channels=CHANNELS,
        peak=spool.peak,
        timesteps=sampled.timesteps,
        codes=codes.values,
        code_seed=codes.seed,
        code_reward=codes.reward,
    )


async def _hints(song: SongSpec, index: int, codes: tuple[int, ...], tools: Tools, notes: Notes) -> tensor_pb2.Tensor:
    """The latents that codes stand for: what the DiT follows (spec/model.md §4.3)."""
    with notes.timed("encode", index) as timed:
        hints, report = await tools.stages.detokenize(song.model, codes, tools.seconds_left())
        timed.take(report, "encoder")
    return hints


async def _sample(
    song: SongSpec, index: int, condition: Condition, hints: tensor_pb2.Tensor | None, tools: Tools, notes: Notes
) -> Latents:
    frames = frames_of(song.duration or 0.0)
    sampled = None
    with notes.timed("sample", index) as timed:
        events = tools.stages.sample(song, condition, hints, frames, song.seeds[index], tools.seconds_left())
        async with aclosing(events):
            async for event in events:
                if isinstance(event, Step):
                    tools.report(Progress("sample", index, event.step, event.steps))
                else:
                    timed.take(event.report, "dit")
                    notes.warn(*event.warnings)
                    sampled = event
    if sampled is None:
        raise InternalError("the dit stage ended its stream without latents", metadata={"stage": "dit"})
    return sampled


async def _decode(
    index: int, sampled: Latents, spool: writing.PcmSpool, samples: int, tools: Tools, notes: Notes
) -> Decoded:
    decoded = None
    with notes.timed("decode", index) as timed:
        events = tools.stages.decode(sampled.latents, tools.seconds_left())
        async with aclosing(events):
            async for event in events:
                if isinstance(event, Decoded):
                    timed.take(event.report, "vae")
                    decoded = event
                else:
                    spool.add(event)
                    tools.report(Progress("decode", index, spool.samples, samples))
    if decoded is None:
        raise InternalError("the vae stage ended its stream without a result", metadata={"stage": "vae"})
    return decoded


def output_of(song: SongSpec) -> writing.Output:
    """How the files of a song are written."""
    return writing.Output(
        format=AudioFormat(song.format),
        peak_dbfs=writing.DEFAULT_PEAK_DBFS if song.peak_dbfs is None else song.peak_dbfs,
        keep_level=song.keep_level,
        fade_in=song.fade_in,
        fade_out=song.fade_out,
        sample_rate=song.sample_rate,
        mp3_bitrate_kbps=song.mp3_bitrate_kbps or writing.DEFAULT_MP3_BITRATE_KBPS,
    )


def tags_of(song: SongSpec, index: int) -> Tags | None:
    """What the file of an item says of it. Nothing in them tells items of a job apart but the seed."""
    if song.no_tags:
        return None
    return Tags(
        title=song.title,
        description=song.caption,
        lyrics="" if song.lyrics == INSTRUMENTAL else song.lyrics,
        bpm=song.bpm,
        key=song.key_scale,
        seed=song.seeds[index],
        model=song.model,
    )
