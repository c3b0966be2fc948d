"""What items are sampled under and along: words, what is heard of a source, and hints of audio codes."""

from __future__ import annotations

import dataclasses

from gateway.framing import LatentArray
from gateway.notes import Notes
from gateway.source import Source, latents_of
from gateway.stages import Condition
from gateway.tasks import FRAMES_PER_CODE
from gateway.tools import Tools
from quartet import tensors
from quartet.songs import SongSpec
from quartet.tasks import Cover, Track
from quartet.v1 import tensor_pb2


async def encode_words(
    song: SongSpec,
    track: Track | None,
    instruction: str,
    reference: tensor_pb2.Tensor | None,
    tools: Tools,
    notes: Notes,
    index: int = 0,
) -> Condition:
    """The condition of a song's words; those of a track without a caption are its name."""
    words = dataclasses.replace(song, caption=song.caption or str(track or "").replace("_", " "))
    with notes.timed("encode", index) as timed:
        condition = await tools.stages.encode_prompt(words, instruction, reference, tools.seconds_left())
        timed.take(condition.report, "encoder")
    notes.warn(*condition.warnings)
    return condition


async def hear_source(song: SongSpec, source: Source, tools: Tools, notes: Notes) -> LatentArray:
    """What the DiT hears of a source: its latents or, in a cover, what its audio codes keep of them."""
    if not isinstance(song.task, Cover) or song.task.from_latents:
        return source.latents
    codes = await tools.stages.tokenize(song.model, tensors.encode(source.latents), tools.seconds_left())
    hints = await hear_codes(song.model, codes, tools, notes)
    return hints[: len(source.latents)]


async def hear_codes(model: str, codes: tuple[int, ...], tools: Tools, notes: Notes, index: int = 0) -> LatentArray:
    """The latents that codes stand for: what the DiT follows (spec/model.md §4.3)."""
    with notes.timed("encode", index) as timed:
        hints, report = await tools.stages.detokenize(model, codes, tools.seconds_left())
        timed.take(report, "encoder")
    return latents_of(hints, "encoder", len(codes) * FRAMES_PER_CODE)
