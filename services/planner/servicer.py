"""PlannerService: checks requests, streams plans, reports."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import grpc.aio

from quartet.errors import NotFoundError
from quartet.v1 import planner_pb2, planner_pb2_grpc, stage_pb2
from quartet.validation import Violations
from services.planner import modes, validation
from services.planner.lengths import Lengths
from services.planner.modes import Bounds, CodesWritten, Composed, Planned, ThoughtText
from services.planner.prompts import Prompts
from services.planner.scoring import score
from services.planner.tasks import Script
from services.planner.thought import Thought
from services.planner.writing import Finish
from services.runtime.batching import BatchQueue
from services.runtime.items import Finished
from services.runtime.reports import Reporter, memory_together
from services.runtime.residence import Residence
from serving import planning

Context = grpc.aio.ServicerContext[Any, Any]
_FINISHES = {
    Finish.STOP: planner_pb2.FINISH_REASON_STOP,
    Finish.LENGTH: planner_pb2.FINISH_REASON_LENGTH,
    Finish.REPETITION: planner_pb2.FINISH_REASON_REPETITION,
}


@dataclass(frozen=True)
class ServedPlanner:
    """One loaded language model: its prompts, what it may write, its queue and its reports."""

    prompts: Prompts
    bounds: Bounds
    queue: BatchQueue[Script]
    reporter: Reporter


class PlannerServicer(planner_pb2_grpc.PlannerServiceServicer):
    """Serves language models by name; the first is the default. Their codebooks are known before they are loaded."""

    def __init__(
        self, planners: Mapping[str, Residence[ServedPlanner]], codebook_sizes: Mapping[str, int], bounds: Bounds
    ) -> None:
        self._planners = planners
        self._codebook_sizes = codebook_sizes
        self._bounds = bounds

    async def Plan(self, request: planner_pb2.PlanRequest, context: Context) -> AsyncIterator[planner_pb2.PlanResponse]:
        """Pieces of the thought, the blueprint once it is final, progress of the codes, the result."""
        arrived_ns = time.monotonic_ns()
        residence = self._residence(request.model)
        with Violations() as check:
            wish = validation.plan_wish(request, check, max_seconds=self._bounds.seconds)
        async with residence.use() as planner:
            script = modes.plan(planner.prompts, wish, planner.bounds)
            stream = planner.queue.stream(script, cost=script.cost, seconds_left=context.time_remaining())
            async with aclosing(stream) as events:
                async for event in events:
                    if isinstance(event, Finished):
                        report = planner.reporter.report(event, arrived_ns)
                        yield planner_pb2.PlanResponse(result=_plan_result(request, event.result, report))
                    else:
                        yield _plan_event(request, event)

    async def Compose(
        self, request: planner_pb2.PlannerServiceComposeRequest, context: Context
    ) -> planner_pb2.PlannerServiceComposeResponse:
        """A song from one sentence."""
        arrived_ns = time.monotonic_ns()
        residence = self._residence(request.model)
        with Violations() as check:
            validation.check_text(request.query, planning.MAX_CAPTION_CHARACTERS, check, "query")
            language = validation.language(request.vocal_language, check, "vocal_language")
            sampling = validation.sampling(request.sampling, check, temperature=validation.TEMPERATURE)
        async with residence.use() as planner:
            script = modes.compose(
                planner.prompts,
                request.query,
                instrumental=request.instrumental,
                language=language,
                sampling=sampling,
                bounds=planner.bounds,
            )
            finished = await _run(planner, script, context)
        return planner_pb2.PlannerServiceComposeResponse(
            blueprint=_blueprint(finished.result),
            genres=finished.result.thought.genres,
            finish=_FINISHES[finished.result.finish],
            warnings=finished.result.warnings,
            report=planner.reporter.report(finished, arrived_ns),
        )

    async def Rewrite(
        self, request: planner_pb2.PlannerServiceRewriteRequest, context: Context
    ) -> planner_pb2.PlannerServiceRewriteResponse:
        """A richer caption and lyrics."""
        arrived_ns = time.monotonic_ns()
        residence = self._residence(request.model)
        with Violations() as check:
            given = validation.given_song(request.given, check, lengths=Lengths(longest=self._bounds.seconds))
            sampling = validation.sampling(request.sampling, check, temperature=validation.TEMPERATURE)
        async with residence.use() as planner:
            script = modes.rewrite(
                planner.prompts, given.caption, given.lyrics, given.thought, sampling, planner.bounds
            )
            finished = await _run(planner, script, context)
        blueprint = _blueprint(finished.result)
        if given.seconds is not None:
            blueprint.metadata.duration_seconds = given.seconds
        return planner_pb2.PlannerServiceRewriteResponse(
            blueprint=blueprint,
            genres=finished.result.thought.genres,
            finish=_FINISHES[finished.result.finish],
            warnings=finished.result.warnings,
            report=planner.reporter.report(finished, arrived_ns),
        )

    async def Understand(
        self, request: planner_pb2.PlannerServiceUnderstandRequest, context: Context
    ) -> planner_pb2.PlannerServiceUnderstandResponse:
        """A description of audio codes."""
        arrived_ns = time.monotonic_ns()
        residence = self._residence(request.model)
        with Violations() as check:
            codes = validation.audio_codes(
                request.codes,
                check,
                max_seconds=self._bounds.seconds,
                codebook_size=self._codebook_size(request.model),
            )
            sampling = validation.sampling(request.sampling, check, temperature=validation.UNDERSTAND_TEMPERATURE)
        async with residence.use() as planner:
            finished = await _run(planner, modes.understand(planner.prompts, codes, sampling, planner.bounds), context)
        return planner_pb2.PlannerServiceUnderstandResponse(
            blueprint=_blueprint(finished.result),
            genres=finished.result.thought.genres,
            finish=_FINISHES[finished.result.finish],
            warnings=finished.result.warnings,
            report=planner.reporter.report(finished, arrived_ns),
        )

    async def Score(
        self, request: planner_pb2.PlannerServiceScoreRequest, context: Context
    ) -> planner_pb2.PlannerServiceScoreResponse:
        """How well words fit audio codes."""
        arrived_ns = time.monotonic_ns()
        residence = self._residence(request.model)
        with Violations() as check:
            wish = validation.score_wish(
                request,
                check,
                max_seconds=self._bounds.seconds,
                codebook_size=self._codebook_size(request.model),
            )
        async with residence.use() as planner:
            finished = await _run(planner, score(planner.prompts, wish), context)
        named = {_SCORE_NAMES.get(name, name): value for name, value in finished.result.items()}
        return planner_pb2.PlannerServiceScoreResponse(
            scores=named, report=planner.reporter.report(finished, arrived_ns)
        )

    async def GetInfo(
        self, request: planner_pb2.PlannerServiceGetInfoRequest, context: Context
    ) -> planner_pb2.PlannerServiceGetInfoResponse:
        """All models at this moment."""
        first, *others = (
            _info(name, self._codebook_sizes[name], planner.present) for name, planner in self._planners.items()
        )
        for info in others:
            first.models.extend(info.models)
            first.load.queued_items += info.load.queued_items
            first.load.running_items += info.load.running_items
            first.load.expected_wait_ns = max(first.load.expected_wait_ns, info.load.expected_wait_ns)
            first.steps_computed += info.steps_computed
        present = (planner.present for planner in self._planners.values())
        if memory := memory_together(planner.reporter for planner in present if planner):
            first.memory.CopyFrom(memory)
        return planner_pb2.PlannerServiceGetInfoResponse(info=first)

    def _residence(self, name: str) -> Residence[ServedPlanner]:
        served = list(self._planners)
        if name and name not in self._planners:
            raise NotFoundError.of("model", name, f"this planner serves {', '.join(served)}")
        return self._planners[name or served[0]]

    def _codebook_size(self, name: str) -> int:
        return self._codebook_sizes[name or next(iter(self._planners))]


_SCORE_NAMES = {"keyscale": "key_scale", "timesignature": "time_signature", "language": "vocal_language"}


def _info(name: str, codebook_size: int, planner: ServedPlanner | None) -> stage_pb2.StageInfo:
    if planner is None:
        model = stage_pb2.ModelInfo(id=name, codebook_size=codebook_size)
        return stage_pb2.StageInfo(stage="planner", models=[model])
    return planner.reporter.info()


async def _run(planner: ServedPlanner, script: Script, context: Context) -> Finished[Any]:
    return await planner.queue.run(script, cost=script.cost, seconds_left=context.time_remaining())


def _plan_event(
    request: planner_pb2.PlanRequest, event: ThoughtText | CodesWritten | Planned
) -> planner_pb2.PlanResponse:
    if isinstance(event, ThoughtText):
        return planner_pb2.PlanResponse(thought=event.text)
    if isinstance(event, CodesWritten):
        return planner_pb2.PlanResponse(progress=planner_pb2.PlanProgress(codes=event.count, codes_total=event.total))
    return planner_pb2.PlanResponse(blueprint=_planned_blueprint(request, event.thought))


def _plan_result(
    request: planner_pb2.PlanRequest, planned: Planned, report: stage_pb2.StageReport
) -> planner_pb2.PlanResult:
    return planner_pb2.PlanResult(
        blueprint=_planned_blueprint(request, planned.thought),
        codes=planned.codes,
        thought=planned.thought.to_yaml(without=("genres",)),
        warnings=planned.warnings,
        report=report,
        metadata_ns=planned.metadata_ns,
        codes_ns=planned.codes_ns,
    )


def _planned_blueprint(request: planner_pb2.PlanRequest, thought: Thought) -> planner_pb2.Blueprint:
    """The plan, with the user's own caption where it was not rewritten, and the user's exact length."""
    given = request.given
    metadata = _metadata(thought)
    if given.metadata.duration_seconds > 0:
        metadata.duration_seconds = given.metadata.duration_seconds
    return planner_pb2.Blueprint(caption=thought.caption or given.caption, lyrics=given.lyrics, metadata=metadata)


def _blueprint(composed: Composed) -> planner_pb2.Blueprint:
    thought = composed.thought
    return planner_pb2.Blueprint(caption=thought.caption, lyrics=composed.lyrics, metadata=_metadata(thought))


def _metadata(thought: Thought) -> stage_pb2.Metadata:
    return stage_pb2.Metadata(
        bpm=thought.bpm,
        key_scale=thought.keyscale,
        time_signature=thought.timesignature,
        vocal_language=thought.language,
        duration_seconds=thought.duration,
    )
