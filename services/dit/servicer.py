"""DitService: checks requests, streams steps and latents, reports."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from typing import Any

import grpc.aio

from quartet.v1 import dit_pb2, dit_pb2_grpc
from quartet.validation import Violations
from services.dit.align_validation import align_item
from services.dit.engine import DitEngine
from services.dit.items import SampleItem, StepDone
from services.dit.plan import SamplingDefaults
from services.dit.validation import SampleLimits, sample_item
from services.dit.wavelet import WaveletCorrection
from services.runtime.items import Finished
from services.runtime.reports import Reporter
from services.runtime.tensors import encode_float32, encode_floating

Context = grpc.aio.ServicerContext[Any, Any]


class DitServicer(dit_pb2_grpc.DitServiceServicer):
    """Serves one transformer."""

    def __init__(
        self,
        engine: DitEngine,
        reporter: Reporter,
        limits: SampleLimits,
        defaults: SamplingDefaults,
        *,
        knows_tracks: bool,
    ) -> None:
        self._engine = engine
        self._reporter = reporter
        self._limits = limits
        self._defaults = defaults
        self._knows_tracks = knows_tracks

    async def Sample(self, request: dit_pb2.SampleRequest, context: Context) -> AsyncIterator[dit_pb2.SampleResponse]:
        """Progress of each step, previews where asked for, then the result."""
        arrived_ns = time.monotonic_ns()
        self._reporter.check_model(request.model)
        item = self._item(request)
        async with aclosing(self._engine.sample(item, context.time_remaining())) as events:
            async for event in events:
                if isinstance(event, Finished):
                    yield dit_pb2.SampleResponse(
                        result=dit_pb2.SampleResult(
                            latents=encode_float32(event.result.latents),
                            timesteps=event.result.plan.timesteps,
                            warnings=event.result.plan.warnings,
                            report=self._reporter.report(event, arrived_ns),
                        )
                    )
                else:
                    for response in _step_responses(event):
                        yield response

    async def Align(self, request: dit_pb2.AlignRequest, context: Context) -> dit_pb2.AlignResponse:
        """Attention of finished latents to the lyrics."""
        arrived_ns = time.monotonic_ns()
        self._reporter.check_model(request.model)
        with Violations() as check:
            item = align_item(request, self._limits, 1 / self._defaults.steps, check)
        finished = await self._engine.align(item, context.time_remaining())
        return dit_pb2.AlignResponse(
            alignment=encode_floating(finished.result.attention.half()),
            frames_per_moment=self._limits.frames_per_token,
            report=self._reporter.report(finished, arrived_ns),
        )

    async def GetInfo(
        self, request: dit_pb2.DitServiceGetInfoRequest, context: Context
    ) -> dit_pb2.DitServiceGetInfoResponse:
        """The stage at this moment."""
        defaults = self._defaults
        message = dit_pb2.SamplingDefaults(
            steps=defaults.steps,
            shift=defaults.shift,
            guidance_scale=defaults.guidance_scale,
            is_turbo=defaults.is_turbo,
            wavelet_correction=_correction(defaults.wavelet_correction),
            knows_tracks=self._knows_tracks,
        )
        return dit_pb2.DitServiceGetInfoResponse(info=self._reporter.info(), defaults=[message])

    def _item(self, request: dit_pb2.SampleRequest) -> SampleItem:
        with Violations() as check:
            item = sample_item(request, self._limits, check)
            needs_null = self._engine.plan(item).guided and not request.HasField("null_condition")
            check.that(not needs_null, "null_condition", "is missing; guidance with a scale above 1 needs it")
        return item


def _step_responses(event: StepDone) -> Iterator[dit_pb2.SampleResponse]:
    yield dit_pb2.SampleResponse(progress=dit_pb2.SampleProgress(step=event.step, steps=event.steps))
    if event.preview is not None:
        yield dit_pb2.SampleResponse(
            preview=dit_pb2.SamplePreview(step=event.step, latents=encode_float32(event.preview))
        )


def _correction(correction: WaveletCorrection | None) -> dit_pb2.WaveletCorrection | None:
    if correction is None:
        return None
    return dit_pb2.WaveletCorrection(
        low=correction.low,
        high=correction.high,
        mode=f"WAVELET_MODE_{correction.mode.name}",
        wavelet=f"WAVELET_{correction.wavelet.name}",
    )
