"""`python -m bench.null_stages [FLAGS] STAGE`: a stage whose networks answer at once, with tensors of the real sizes.

Everything around the networks is the real thing, so that what a song takes is what the chain takes.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc.aio
import torch

from quartet.v1 import dit_pb2, dit_pb2_grpc, encoder_pb2, encoder_pb2_grpc, vae_pb2, vae_pb2_grpc
from services.dit.engine import DitEngine
from services.dit.items import PlannedItem, Sampled, StepDone
from services.dit.plan import TURBO_DEFAULTS
from services.dit.servicer import DitServicer
from services.dit.validation import SampleLimits
from services.encoder.checkpoint import TEXT_ENCODER
from services.encoder.engine import EncoderEngine
from services.encoder.model import Words
from services.encoder.servicer import EncoderLimits, EncoderServicer
from services.encoder.stepper import Work
from services.encoder.tokenization import PromptTokenizer
from services.runtime.batching import BatchQueue, Member
from services.runtime.items import Ticket
from services.runtime.reports import ModelIdentity, Reporter
from services.runtime.settings import StageSettings
from services.vae.config import VaeConfig
from services.vae.engine import VaeEngine
from services.vae.servicer import AudioShape, VaeServicer
from services.vae.stepper import DecodeItem, EncodeItem, PcmRun
from serving import server
from serving.server import Application
from serving.telemetry import Telemetry
from training.model_configs import FULL, vae_config

WIDTH, CHANNELS, LONGEST, WINDOW_FRAMES = 2048, 64, 15_000, 270
LIMITS: dict[str, Any] = {"max_queued_items": 64, "max_queued_cost": 1e9}


class NullStepper:
    """Ends every item in the step after it joined."""

    def __init__(self) -> None:
        self._members: list[tuple[Member, Any]] = []

    def join(self, work: Any, ticket: Ticket) -> Member:
        """Takes any item."""
        member = Member(ticket)
        self._members.append((member, work))
        return member

    def leave(self, member: Member) -> None:
        """Forgets an item."""
        self._members = [(other, work) for other, work in self._members if other is not member]

    def ready(self) -> bool:
        """Whether anybody is there."""
        return bool(self._members)

    def step(self) -> None:
        """Answers all."""
        for member, work in self._members:
            self.answer(member, work)

    def answer(self, member: Member, work: Any) -> None:
        """Ends an item."""
        raise NotImplementedError


class NullEncoder(NullStepper):
    """Conditions of nothing."""

    def answer(self, member: Member, work: Work) -> None:
        """A condition for each token."""
        if isinstance(work, Words):
            member.finish(torch.zeros(len(work.caption) + len(work.lyrics) + 1, WIDTH, dtype=torch.bfloat16))


class NullDit(NullStepper):
    """Latents of nothing."""

    def answer(self, member: Member, work: PlannedItem) -> None:
        """All steps at once."""
        item, plan = work
        for step in range(len(plan.timesteps)):
            member.ticket.emit(StepDone(step + 1, len(plan.timesteps), None))
        member.finish(Sampled(torch.zeros(item.frames, CHANNELS), plan))


class NullVae(NullStepper):
    """Silence."""

    def answer(self, member: Member, work: DecodeItem | EncodeItem) -> None:
        """A run for each window."""
        if isinstance(work, DecodeItem):
            samples, run = len(work.latents) * 1920, WINDOW_FRAMES * 1920
            for first in range(0, samples, run):
                member.ticket.emit(PcmRun(first, torch.zeros(min(run, samples - first), 2)))
            member.finish(samples)


@dataclass(frozen=True)
class NullSettings(StageSettings):
    """Serves a stage without its networks."""


def encoder(settings: NullSettings) -> Application:
    """Conditions of the real sizes."""

    @asynccontextmanager
    async def serving(grpc_server: grpc.aio.Server, telemetry: Telemetry) -> AsyncIterator[None]:
        async with BatchQueue("encoder", NullEncoder(), telemetry, **LIMITS) as queue:
            tokenizer = PromptTokenizer(settings.models / TEXT_ENCODER / "tokenizer.json")
            engine = EncoderEngine(torch.zeros(1, WIDTH), tokenizer, queue)
            limits = EncoderLimits(CHANNELS, 750, LONGEST, LONGEST // 5, 64_000)
            servicer = EncoderServicer(engine, _reporter("encoder", queue), limits)
            encoder_pb2_grpc.add_EncoderServiceServicer_to_server(servicer, grpc_server)
            yield

    return serving


def dit(settings: NullSettings) -> Application:
    """Latents of the real sizes."""

    @asynccontextmanager
    async def serving(grpc_server: grpc.aio.Server, telemetry: Telemetry) -> AsyncIterator[None]:
        async with BatchQueue("dit", NullDit(), telemetry, **LIMITS) as queue:
            limits = SampleLimits(CHANNELS, WIDTH, LONGEST, 4096, 2)
            engine = DitEngine(TURBO_DEFAULTS, queue)
            servicer = DitServicer(engine, _reporter("dit", queue), limits, TURBO_DEFAULTS, knows_tracks=False)  # type: ignore[abstract]
            dit_pb2_grpc.add_DitServiceServicer_to_server(servicer, grpc_server)
            yield

    return serving


def vae(settings: NullSettings) -> Application:
    """Silence of the real length."""

    @asynccontextmanager
    async def serving(grpc_server: grpc.aio.Server, telemetry: Telemetry) -> AsyncIterator[None]:
        async with BatchQueue("vae", NullVae(), telemetry, **LIMITS) as queue:
            shape = AudioShape(48_000, 2, 1920, CHANNELS, LONGEST)
            engine = VaeEngine(VaeConfig.from_json(vae_config(FULL)), queue)
            servicer = VaeServicer(engine, _reporter("vae", queue), shape)
            vae_pb2_grpc.add_VaeServiceServicer_to_server(servicer, grpc_server)
            yield

    return serving


def _reporter(stage: str, queue: BatchQueue[Any]) -> Reporter:
    limits = {"min_seconds": 10.0, "max_seconds": LONGEST / 25, "max_frames": float(LONGEST), "max_steps": 200.0}
    return Reporter(stage, ModelIdentity("null", "0" * 16, torch.float32, torch.device("cpu")), queue, limits)


SERVICES = {
    "encoder": encoder_pb2.DESCRIPTOR.services_by_name["EncoderService"].full_name,
    "dit": dit_pb2.DESCRIPTOR.services_by_name["DitService"].full_name,
    "vae": vae_pb2.DESCRIPTOR.services_by_name["VaeService"].full_name,
}
APPLICATIONS = {"encoder": encoder, "dit": dit, "vae": vae}


if __name__ == "__main__":
    stage = sys.argv.pop()
    server.run(NullSettings, f"null-{stage}", (SERVICES[stage],), APPLICATIONS[stage])
