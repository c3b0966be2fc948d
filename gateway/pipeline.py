"""The chain as a function: plan, source, reference, encode, sample, decode, write."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Sequence
from contextlib import aclosing
from dataclasses import dataclass

import numpy as np

from gateway.alignment import Rendition
from gateway.artifacts import Beside
from gateway.audio import splicing, writing
from gateway.checks import check_item
from gateway.conditions import encode_words, hear_codes, hear_source
from gateway.framing import FOLLOW_CODES, FOLLOW_WORDS, Framing, Kept, LatentArray, frame, kept
from gateway.notes import Notes
from gateway.output import INSTRUMENTAL, output_of, tags_of
from gateway.planning import AudioCodes, PlannedSong, plan_item, plan_song
from gateway.results import ItemChecks, ItemResult, Progress, SongResult
from gateway.sampling import finished, has_other_condition, sample_request, variation_seeds
from gateway.source import Source, keep_latents, latents_of, load_reference, load_source
from gateway.stages import CHANNELS, Codec, Condition, Decoded, Latents, Step
from gateway.tasks import FRAMES_PER_SECOND, frames_in, frames_of
from gateway.tools import JobTools, Tools
from quartet import tensors
from quartet.errors import InternalError
from quartet.songs import SongSpec
from quartet.tasks import Edit, Extend, Extract, Lego, NewSong, Repaint, Track
from quartet.v1 import dit_pb2, tensor_pb2


@dataclass(frozen=True)
class Part:
    """What items of one track, or of the whole song, have in common; the framing of a new song is that of its item.

    `other` is the second condition of tasks that have one.
    """

    condition: Condition
    other: Condition | None
    framing: Framing | None
    track: Track | None


async def make_song(wish: SongSpec, tools: JobTools) -> SongResult:
    """Makes the items of a song: it is planned and its words are encoded once, the items are made concurrently."""
    notes = Notes()
    async with asyncio.TaskGroup() as group:
        plan = await plan_song(wish, tools, notes)
        tools.show_plan(plan.shown)
        codec = group.create_task(tools.stages.codec())
        source = await _source(plan.song, codec, tools, notes)
        voice = plan.song.reference_audio_id
        reference = await load_reference(voice, await codec, tools, notes) if voice else None
        parts = await _parts(plan, source, reference, tools, notes)
        items = [
            group.create_task(
                _make_item(plan, index, parts[index % len(parts)], source, codec, tools, notes), name=f"item {index}"
            )
            for index in range(wish.items)
        ]
    return notes.result(plan.shown, tuple(item.result() for item in items))


async def _source(song: SongSpec, codec: Awaitable[Codec], tools: Tools, notes: Notes) -> Source | None:
    task = song.task
    if isinstance(task, NewSong):
        return None
    field = f"song.{type(task).__name__.lower()}.source_audio_id"
    frames = None if isinstance(task, Repaint | Extend) else frames_of(song.duration or 0.0)
    return await load_source(str(task.source), field, await codec, tools, notes, frames)


async def _parts(
    plan: PlannedSong, source: Source | None, reference: tensor_pb2.Tensor | None, tools: Tools, notes: Notes
) -> list[Part]:
    """One for each track that is extracted or made, else one."""
    song, follows_codes = plan.song, plan.thinks or bool(_given_codes(plan.song))
    if isinstance(song.task, NewSong) and song.task.code_strength is not None and not follows_codes:
        notes.warn("code_strength has no effect: the song follows no audio codes")
    heard = None if source is None else await hear_source(song, source, tools, notes)
    two = has_other_condition(song.task, follows_codes)
    other = await _other_words(song, reference, tools, notes) if two else None
    async with asyncio.TaskGroup() as group:
        parts = [
            group.create_task(_part(song, follows_codes, index, track, source, heard, other, reference, tools, notes))
            for index, track in enumerate(_tracks(song))
        ]
    tools.report(Progress("encode", 0, 1, 1))
    return [part.result() for part in parts]


def _tracks(song: SongSpec) -> Sequence[Track | None]:
    match song.task:
        case Extract(tracks=tracks):
            return [Track(track) for track in tracks]
        case Lego(track=track):
            return [Track(track)]
        case _:
            return [None]


async def _part(
    song: SongSpec,
    follows_codes: bool,
    index: int,
    track: Track | None,
    source: Source | None,
    heard: LatentArray | None,
    other: Condition | None,
    reference: tensor_pb2.Tensor | None,
    tools: Tools,
    notes: Notes,
) -> Part:
    framing = None
    if source is not None and heard is not None and not isinstance(song.task, NewSong):
        framing = frame(song.task, source.latents, heard, track)
    instruction = framing.instruction if framing else FOLLOW_CODES if follows_codes else ""
    condition = await encode_words(song, track, instruction, reference, tools, notes, index)
    return Part(condition, other, framing, track)


async def _other_words(song: SongSpec, reference: tensor_pb2.Tensor | None, tools: Tools, notes: Notes) -> Condition:
    """The words of an edit's source or, where a song leaves source or codes on the way, those of one from words."""
    words = song
    if isinstance(song.task, Edit):
        lyrics = song.task.source_lyrics.strip() or INSTRUMENTAL
        words = dataclasses.replace(song, caption=song.task.source_caption, lyrics=lyrics)
    with notes.timed("encode") as timed:
        condition = await tools.stages.encode_prompt(words, FOLLOW_WORDS, reference, tools.seconds_left())
        timed.take(condition.report, "encoder")
    return condition


async def _make_item(
    plan: PlannedSong,
    index: int,
    part: Part,
    source: Source | None,
    decoder: Awaitable[Codec],
    tools: JobTools,
    notes: Notes,
) -> ItemResult:
    song = plan.song
    codes = await plan_item(plan, index, tools, notes) if plan.thinks else AudioCodes(_given_codes(song), 0)
    framing = part.framing
    if framing is None:
        hints = await hear_codes(song.model, codes.values, tools, notes, index) if codes.values else None
        framing = Framing("", frames_of(song.duration or 0.0), hints)
    request = sample_request(song, index, framing, part.condition, part.other)
    sampled = await _sample(request, index, tools, notes)
    stays = _stays(song, source)
    latents = finished(latents_of(sampled.latents, "dit", framing.frames), song)
    codec = await decoder
    samples = framing.frames * codec.rate // FRAMES_PER_SECOND
    scratch_file = tools.artifacts.scratch_file
    with writing.PcmSpool.opened(samples, CHANNELS, scratch_file) as spool, scratch_file() as audio_file:
        decoded = await _decode(index, latents, spool, samples, tools, notes)
        with notes.timed("write", index) as timed:
            with timed.computing():
                if source and stays:
                    await asyncio.to_thread(_splice, spool, source, stays, codec.rate)
                    latents = _spliced(latents, source, stays)
                elif plays := _plays(song, framing.frames):
                    await asyncio.to_thread(_silence, spool, plays, codec.rate)
                written = await asyncio.to_thread(
                    writing.write, spool, audio_file, decoded.sample_rate, output_of(song), tags_of(song, index)
                )
            artifact = await tools.keep(audio_file)
            gain = written.gain * (source.gain if source and stays else 1.0)
            keep_latents(tools.artifacts, artifact, Beside.LATENTS, codec, latents, gain)
    tools.report(Progress("write", index, 1, 1))
    rendition = Rendition(song.model, song.lyrics, latents, part.condition, framing)
    checks = await _check(plan, index, codes, rendition, tools, notes)
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
        checks=checks,
        track=str(part.track or ""),
        variation_seed=next(iter(variation_seeds(song.task)[index : index + 1]), None),
    )


async def _check(
    plan: PlannedSong, index: int, codes: AudioCodes, rendition: Rendition, tools: Tools, notes: Notes
) -> ItemChecks:
    song = plan.song
    if not (song.score or song.time_lyrics):
        return ItemChecks.none()
    with notes.timed("check", index):
        checks = await check_item(song, plan.shown.blueprint, codes.values, rendition, tools, notes)
    tools.report(Progress("check", index, 1, 1))
    return checks


def _given_codes(song: SongSpec) -> tuple[int, ...]:
    return song.task.codes if isinstance(song.task, NewSong) else ()


def _stays(song: SongSpec, source: Source | None) -> Kept | None:
    """What of the source is in the result as it was."""
    return kept(song.task, len(source.latents)) if source and isinstance(song.task, Repaint | Extend) else None


def _splice(spool: writing.PcmSpool, source: Source, stays: Kept, rate: int) -> None:
    """Brings what was decoded to the level of the source, or below where it would clip, and the source into it."""
    hop = rate // FRAMES_PER_SECOND
    new = [(first * hop, last * hop) for first, last in stays.new]
    crossfade = int(splicing.CROSSFADE_SECONDS * rate)
    if source.pcm is None:
        raise InternalError("a source that stays was not kept")
    with spool.changing() as pcm:
        loudest = splicing.loudest(pcm, new, crossfade) * source.gain
        pcm *= np.float32(source.gain / max(loudest, 1.0))
        splicing.splice(pcm, source.pcm, stays.first * hop, new, crossfade)


def _plays(song: SongSpec, frames: int) -> list[tuple[int, int]]:
    """Where a track plays that is silent elsewhere, in frames; empty where it may play everywhere."""
    return [frames_in(region, frames) for region in song.task.regions] if isinstance(song.task, Lego) else []


def _silence(spool: writing.PcmSpool, plays: Sequence[tuple[int, int]], rate: int) -> None:
    """Leaves of what was decoded some spans of frames alone: what the codec makes of silence is not quite that."""
    hop = rate // FRAMES_PER_SECOND
    spans = [(first * hop, last * hop) for first, last in plays]
    with spool.changing() as pcm:
        nothing = np.broadcast_to(np.float32(0), pcm.shape)
        splicing.splice(pcm, nothing, 0, spans, int(splicing.CROSSFADE_SECONDS * rate))


def _spliced(latents: LatentArray, source: Source, stays: Kept) -> LatentArray:
    """The latents of the result: those of the source where it stays."""
    whole = latents.copy()
    whole[stays.first : stays.first + len(source.latents)] = source.latents
    for first, last in stays.new:
        whole[first:last] = latents[first:last]
    return whole


async def _sample(request: dit_pb2.SampleRequest, index: int, tools: Tools, notes: Notes) -> Latents:
    sampled = None
    with notes.timed("sample", index) as timed:
        events = tools.stages.sample(request, tools.seconds_left())
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
    index: int, latents: LatentArray, spool: writing.PcmSpool, samples: int, tools: Tools, notes: Notes
) -> Decoded:
    decoded = None
    with notes.timed("decode", index) as timed:
        events = tools.stages.decode(tensors.encode(latents), tools.seconds_left())
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
