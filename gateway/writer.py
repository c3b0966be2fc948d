"""Songs in words, beside the jobs: compose, rewrite, understand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from gateway.artifacts import ArtifactStore
from gateway.notes import Notes
from gateway.planner import PlannerClient
from gateway.scoring import NO_PLANNER
from gateway.source import load_source, measure
from gateway.stages import Stages
from gateway.tasks import frames_of
from gateway.tools import Tools, countdown
from quartet import tensors
from quartet.errors import ConflictError, FieldViolation, InvalidRequestError
from quartet.v1 import music_pb2, planner_pb2
from quartet.validation import Violations
from serving import planning

LONGEST_SECONDS = 600.0


class Writer:
    """What the planner offers on words and recordings. Calls raise ConflictError where no planner is deployed.

    Whoever holds one of the `readers` decodes a recording.
    """

    def __init__(self, stages: Stages, artifacts: ArtifactStore, readers: asyncio.Semaphore) -> None:
        self._stages = stages
        self._artifacts = artifacts
        self._readers = readers

    async def compose(self, request: music_pb2.ComposeRequest, seconds_left: float | None) -> music_pb2.ComposeResponse:
        """A song in words from one sentence."""
        reply = await self._planner.compose(
            planner_pb2.PlannerServiceComposeRequest(
                model=request.model,
                query=request.query,
                instrumental=request.instrumental,
                vocal_language=request.vocal_language,
                sampling=request.sampling,
            ),
            seconds_left,
        )
        return music_pb2.ComposeResponse(
            blueprint=reply.blueprint, genres=reply.genres, finish=reply.finish, warnings=reply.warnings
        )

    async def rewrite(self, request: music_pb2.RewriteRequest, seconds_left: float | None) -> music_pb2.RewriteResponse:
        """Richer words."""
        reply = await self._planner.rewrite(
            planner_pb2.PlannerServiceRewriteRequest(
                model=request.model, given=request.given, sampling=request.sampling
            ),
            seconds_left,
        )
        return music_pb2.RewriteResponse(
            blueprint=reply.blueprint, genres=reply.genres, finish=reply.finish, warnings=reply.warnings
        )

    async def understand(
        self, request: music_pb2.UnderstandRequest, seconds_allowed: float
    ) -> music_pb2.UnderstandResponse:
        """A recording, or audio codes, in words; without a planner the audio codes of a recording alone."""
        with Violations() as check:
            one = bool(request.audio_id) != bool(request.codes)
            check.that(one, "audio_id", "and codes exclude one another; give one of them")
            planning.check_sampling(request.sampling, check, "sampling")
        seconds_left = countdown(seconds_allowed)
        if request.audio_id and self._stages.planner is None:
            codes = await self._codes_of(request.audio_id, seconds_left)
            return music_pb2.UnderstandResponse(codes=codes, warnings=[f"audio codes alone: {NO_PLANNER}"])
        planner = self._planner
        if request.audio_id:
            await self._stages.check_codebooks(request.model)
        codes = tuple(request.codes) or await self._codes_of(request.audio_id, seconds_left)
        reply = await planner.understand(
            planner_pb2.PlannerServiceUnderstandRequest(model=request.model, codes=codes, sampling=request.sampling),
            seconds_left(),
        )
        return music_pb2.UnderstandResponse(
            blueprint=reply.blueprint,
            codes=codes,
            genres=reply.genres,
            finish=reply.finish,
            warnings=reply.warnings,
        )

    @property
    def _planner(self) -> PlannerClient:
        if self._stages.planner is None:
            raise ConflictError(NO_PLANNER, reason="NO_PLANNER")
        return self._stages.planner

    async def _codes_of(self, audio_id: str, seconds_left: Callable[[], float]) -> tuple[int, ...]:
        """Recording to latents, where there are none of it yet, to audio codes."""
        file = self._artifacts.find(audio_id)
        tools = Tools(self._stages, self._artifacts, lambda _: None, seconds_left, LONGEST_SECONDS)
        async with self._readers:
            seconds = await asyncio.to_thread(measure, file, "audio_id", LONGEST_SECONDS)
            if not (frames := frames_of(seconds)):
                description = f"lasts {seconds:.3f} s, must be of 0.04 to {LONGEST_SECONDS:g} s"
                raise InvalidRequestError.of([FieldViolation("audio_id", description)])
            codec = await self._stages.codec()
            source = await load_source(file.id, "audio_id", codec, tools, Notes(), frames)
        return await self._stages.tokenize("", tensors.encode(source.latents), seconds_left())
