"""Recordings that a song is made from, source and reference: samples, and latents, which are kept beside them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import safetensors.numpy
from safetensors import SafetensorError, safe_open

from gateway.artifacts import Artifact, ArtifactStore, Beside
from gateway.audio import reading
from gateway.calls import broken
from gateway.framing import LatentArray
from gateway.notes import Notes
from gateway.results import Progress
from gateway.stages import Codec
from gateway.tasks import FRAMES_PER_SECOND
from gateway.tools import Tools
from quartet import tensors
from quartet.errors import FieldViolation, InvalidRequestError
from quartet.v1 import tensor_pb2

_LATENTS, _GAIN, _CODEC = "latents", "gain", "codec"
_REFERENCE_FRAMES = reading.PIECES * reading.PIECE_SECONDS * FRAMES_PER_SECOND


@dataclass(frozen=True)
class Source:
    """Samples [frames * samples per frame, 2] at the codec's rate, or None where nothing of them stays, latents
    [frames, channels], and the factor between what the codec decodes from the latents and the samples."""

    pcm: reading.Pcm | None
    latents: LatentArray
    gain: float


async def load_source(
    audio_id: str, field: str, codec: Codec, tools: Tools, notes: Notes, frames: int | None
) -> Source:
    """Takes in a source that a field of the request names: latents of the same codec that were kept, or else encoded.

    Its samples come with it unless only so many `frames` of latents are wanted. Raises NotFoundError, or
    InvalidRequestError where it cannot be heard.
    """
    with notes.timed("source") as timed:
        file = tools.artifacts.find(audio_id)
        attachment = tools.artifacts.attachment(file, Beside.LATENTS)
        held = None if frames is None else await asyncio.to_thread(kept_latents, attachment, codec, frames)
        if held is None:
            try:
                pcm = await asyncio.to_thread(reading.read_whole, file.path, tools.max_upload_seconds, codec.rate)
            except reading.AudioError as error:
                raise InvalidRequestError.of([FieldViolation(field, str(error))]) from None
            heard = len(pcm) * FRAMES_PER_SECOND // codec.rate
            pcm = pcm[: heard * codec.rate // FRAMES_PER_SECOND]
            held = await asyncio.to_thread(kept_latents, attachment, codec, heard)
            if held is None:
                message, report = await tools.stages.encode_audio(
                    pcm, codec.rate, seed_of(file.id), tools.seconds_left()
                )
                timed.take(report, "vae")
                held = latents_of(message, "vae", heard), 1.0
                keep_latents(tools.artifacts, file, Beside.LATENTS, codec, *held)
            source = Source(pcm if frames is None else None, *held)
        else:
            source = Source(None, *held)
    tools.report(Progress("source", 0, 1, 1))
    return source


def latents_of(message: tensor_pb2.Tensor, stage: str, frames: int) -> LatentArray:
    """Latents [frames, channels] that a stage sent. Raises InternalError where they are not that."""
    try:
        return tensors.decode_float32(message, (frames, None))
    except tensors.TensorError as error:
        raise broken(stage, f"sent latents that are none: {error}") from None


def keep_latents(
    artifacts: ArtifactStore, file: Artifact, beside: Beside, codec: Codec, latents: LatentArray, gain: float
) -> None:
    """Keeps latents beside the audio that they are of; `gain` is what decoded samples are multiplied with to be it.

    Here and now: a thread that outlives a cancelled job would leave its file.
    """
    named: dict[str, npt.NDArray[Any]] = {_LATENTS: np.ascontiguousarray(latents), _GAIN: np.array([gain], np.float64)}
    with artifacts.scratch_file() as path:
        path.write_bytes(safetensors.numpy.save(named, metadata={_CODEC: codec.revision}))
        artifacts.attach(path, file, beside)


async def load_reference(audio_id: str, codec: Codec, tools: Tools, notes: Notes) -> tensor_pb2.Tensor:
    """Latents of what the timbre encoder hears of a recording: kept ones of the same codec, or else encoded.

    Raises NotFoundError, or InvalidRequestError where it cannot be heard.
    """
    with notes.timed("reference") as timed:
        file = tools.artifacts.find(audio_id)
        attachment = tools.artifacts.attachment(file, Beside.REFERENCE)
        held = await asyncio.to_thread(kept_latents, attachment, codec, _REFERENCE_FRAMES)
        if held is None:
            try:
                pcm = await asyncio.to_thread(
                    reading.read_reference, file.path, file.id, tools.max_upload_seconds, codec.rate
                )
            except reading.AudioError as error:
                raise InvalidRequestError.of([FieldViolation("song.reference_audio_id", str(error))]) from None
            message, report = await tools.stages.encode_audio(pcm, codec.rate, seed_of(file.id), tools.seconds_left())
            timed.take(report, "vae")
            held = latents_of(message, "vae", _REFERENCE_FRAMES), 1.0
            keep_latents(tools.artifacts, file, Beside.REFERENCE, codec, *held)
    tools.report(Progress("reference", 0, 1, 1))
    return tensors.encode(held[0])


def seed_of(digest: str) -> int:
    """One file, one draw: the same recording sounds the same in every request."""
    return int(digest[:8], 16)


def measure(file: Artifact, field: str, max_seconds: float) -> float:
    """Length of a recording in seconds. Raises InvalidRequestError where it cannot be heard."""
    try:
        info = reading.inspect(file.path, max_seconds)
        info.check_heard()
        return info.duration
    except reading.AudioError as error:
        raise InvalidRequestError.of([FieldViolation(field, str(error))]) from None


def kept_latents(path: Path, codec: Codec, frames: int) -> tuple[LatentArray, float] | None:
    """Latents and gain that were kept, where they are there, are of the codec and fit the audio."""
    try:
        with safe_open(path, framework="numpy") as held:
            if (held.metadata() or {}).get(_CODEC) != codec.revision:
                return None
            latents: LatentArray = held.get_tensor(_LATENTS)
            gain = float(held.get_tensor(_GAIN)[0])
    except (FileNotFoundError, SafetensorError):
        return None
    return (latents, gain) if len(latents) == frames else None
