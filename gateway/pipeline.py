"""The chain as a function: reference, encode, sample, decode, write."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from gateway.artifacts import Artifact, ArtifactStore
from gateway.audio import reading, writing
from gateway.results import ItemResult, ModelUsed, Progress, SongResult, Timing
from gateway.stages import CHANNELS, Condition, Decoded, Latents, Report, Stages, Step
from quartet.errors import FieldViolation, InternalError, InvalidRequestError
from quartet.songs import AudioFormat, SongSpec
from quartet.v1 import tensor_pb2

FRAMES_PER_SECOND = 25


@dataclass(frozen=True)
class Tools:
    """What a pipeline works with.

    `keep` stores a finished file, `report` takes progress, `seconds_left` says how long the job may still take.
    """

    stages: Stages
    artifacts: ArtifactStore
    keep: Callable[[Path], Awaitable[Artifact]]
    report: Callable[[Progress], None]
    seconds_left: Callable[[], float]
    max_upload_seconds: float


async def text_to_music(song: SongSpec, tools: Tools) -> SongResult:
    """Makes the items of a song: the words are encoded once, the items are sampled and decoded concurrently."""
    notes = _Notes()
    reference = await _encode_reference(song, tools, notes)
    condition = await _encode_words(song, reference, tools, notes)
    async with asyncio.TaskGroup() as group:
        items = [
            group.create_task(_make_item(song, index, condition, tools, notes), name=f"item {index}")
            for index in range(song.items)
        ]
    return notes.result(tuple(item.result() for item in items))


def frames_of(seconds: float) -> int:
    """Latent frames of a duration: whole ones, where the nanoseconds of the wire do not count."""
    return int(FRAMES_PER_SECOND * seconds + 1e-6)


async def _encode_reference(song: SongSpec, tools: Tools, notes: _Notes) -> tensor_pb2.Tensor | None:
    if not song.reference_audio_id:
        return None
    with notes.timed("reference") as timed:
        file = tools.artifacts.find(song.reference_audio_id)
        try:
            pcm = await asyncio.to_thread(reading.read_reference, file.path, file.id, tools.max_upload_seconds)
        except reading.AudioError as error:
            raise InvalidRequestError.of([FieldViolation("song.reference_audio_id", str(error))]) from None
        latents, report = await tools.stages.encode_audio(pcm, _seed_of(file.id), tools.seconds_left())
        timed.take(report, "vae")
    tools.report(Progress("reference", 0, 1, 1))
    return latents


def _seed_of(digest: str) -> int:
    """One file, one draw: the same reference sounds the same in every request."""
    return int(digest[:8], 16)


async def _encode_words(song: SongSpec, reference: tensor_pb2.Tensor | None, tools: Tools, notes: _Notes) -> Condition:
    with notes.timed("encode") as timed:
        condition = await tools.stages.encode_prompt(song, reference, tools.seconds_left())
        timed.take(condition.report, "encoder")
    notes.warn(condition.warnings)
    tools.report(Progress("encode", 0, 1, 1))
    return condition


async def _make_item(song: SongSpec, index: int, condition: Condition, tools: Tools, notes: _Notes) -> ItemResult:
    sampled = await _sample(song, index, condition, tools, notes)
    with tools.artifacts.scratch_file() as pcm_file, tools.artifacts.scratch_file() as audio_file:
        spool = writing.PcmSpool(pcm_file, CHANNELS)
        decoded = await _decode(song, index, sampled, spool, tools, notes)
        with notes.timed("write", index):
            await asyncio.to_thread(writing.write, spool, audio_file, decoded.sample_rate, output_of(song))
            artifact = await tools.keep(audio_file)
    tools.report(Progress("write", index, 1, 1))
    return ItemResult(
        index=index,
        seed=song.seeds[index],
        audio_id=artifact.id,
        bytes=artifact.bytes,
        samples=decoded.samples,
        sample_rate=decoded.sample_rate,
        channels=CHANNELS,
        peak=spool.peak,
        timesteps=sampled.timesteps,
    )


async def _sample(song: SongSpec, index: int, condition: Condition, tools: Tools, notes: _Notes) -> Latents:
    frames = frames_of(song.duration or 0.0)
    sampled = None
    with notes.timed("sample", index) as timed:
        events = tools.stages.sample(song, condition, frames, song.seeds[index], tools.seconds_left())
        async with aclosing(events):
            async for event in events:
                if isinstance(event, Step):
                    tools.report(Progress("sample", index, event.step, event.steps))
                else:
                    timed.take(event.report, "dit")
                    notes.warn(event.warnings)
                    sampled = event
    if sampled is None:
        raise InternalError("the dit stage ended its stream without latents", metadata={"stage": "dit"})
    return sampled


async def _decode(
    song: SongSpec, index: int, sampled: Latents, spool: writing.PcmSpool, tools: Tools, notes: _Notes
) -> Decoded:
    samples = frames_of(song.duration or 0.0) * reading.SAMPLE_RATE // FRAMES_PER_SECOND
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
    spool.close()
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
    )


@dataclass
class _Timed:
    """One stage call of one item, as it is going on."""

    models: dict[str, ModelUsed]
    report: Report | None = None

    def take(self, report: Report, stage: str) -> None:
        self.report = report
        self.models[stage] = report.model


@dataclass
class _Notes:
    """What is written down while a song is made."""

    started_ns: int = field(default_factory=time.monotonic_ns)
    timings: list[Timing] = field(default_factory=list)
    models: dict[str, ModelUsed] = field(default_factory=dict)
    warnings: dict[str, None] = field(default_factory=dict)

    @contextmanager
    def timed(self, stage: str, item: int = 0) -> Iterator[_Timed]:
        began = time.monotonic_ns()
        timed = _Timed(self.models)
        yield timed
        self.timings.append(
            Timing(
                stage=stage,
                item=item,
                start_ns=began - self.started_ns,
                total_ns=time.monotonic_ns() - began,
                queue_ns=timed.report.queue_ns if timed.report else 0,
                compute_ns=timed.report.compute_ns if timed.report else 0,
            )
        )

    def warn(self, warnings: tuple[str, ...]) -> None:
        self.warnings.update(dict.fromkeys(warnings))

    def result(self, items: tuple[ItemResult, ...]) -> SongResult:
        stages = ("reference", "encode", "sample", "decode", "write")
        ordered = sorted(self.timings, key=lambda timing: (stages.index(timing.stage), timing.item))
        total_ns = time.monotonic_ns() - self.started_ns
        return SongResult(items, tuple(ordered), total_ns, self.models, tuple(self.warnings))
