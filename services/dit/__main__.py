"""`python -m services.dit`: serves the diffusion transformer of a model family."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import grpc.aio
import torch

from quartet.v1 import dit_pb2, dit_pb2_grpc
from services.dit import checkpoint
from services.dit.config import knows_tracks
from services.dit.engine import DitEngine
from services.dit.items import SampleItem
from services.dit.plan import GUIDED_DEFAULTS, TURBO_DEFAULTS, SamplingOptions
from services.dit.servicer import DitServicer
from services.dit.stepper import DitStepper
from services.dit.validation import SampleLimits
from services.layers.quantization import WeightForm
from services.runtime.batching import BatchQueue
from services.runtime.device_memory import DeviceMemory
from services.runtime.loading import loaded_apart
from services.runtime.placement import weight_budget
from services.runtime.reports import ModelIdentity, Reporter
from services.runtime.settings import VariantSettings
from serving import server
from serving.messages import MAX_CONDITION_TOKENS, MAX_SAMPLE_BYTES
from serving.rules import MAX_STEPS
from serving.server import Application
from serving.settings import setting
from serving.telemetry import Telemetry

STAGE = "dit"
SERVICES = (dit_pb2.DESCRIPTOR.services_by_name["DitService"].full_name,)
LATENT_FRAMES_PER_SECOND = 25
QUEUED_ITEMS_OF_FULL_LENGTH = 8


@dataclass(frozen=True)
class DitSettings(VariantSettings):
    """Serves the diffusion transformer: samples latents under a condition."""

    max_condition_tokens: int = setting(
        MAX_CONDITION_TOKENS, "longest condition; the default is what fits into a request", at_least=1
    )
    batch_items: int = setting(16, "items that take turns at the network; others wait", at_least=1)
    tokens_per_step: int = setting(
        0, "tokens of items that share a step, 12.5 for a second; 0 takes 8192 on a GPU and 2048 elsewhere", at_least=0
    )
    weights: str = setting(
        "full", "form of the layers' weights: full, or 8 bits, which need torchao", choices=tuple(WeightForm)
    )
    weights_mib: int = setting(
        0,
        "MiB of weights on the device; the other layers lie in host memory and come for their turn; 0 keeps all",
        at_least=0,
    )


def application(settings: DitSettings) -> Application:
    """The stage's application: loads the transformer, warms it up, serves."""

    @asynccontextmanager
    async def serving(grpc_server: grpc.aio.Server, telemetry: Telemetry) -> AsyncIterator[None]:
        settings.apply_to_process()
        device, dtype = settings.torch_device(), settings.torch_dtype()
        variant = settings.chosen_variant
        loaded = await loaded_apart(
            lambda: checkpoint.load(
                settings.models,
                variant,
                dtype=dtype,
                device=device,
                form=WeightForm(settings.weights),
                budget=weight_budget(settings.weights_mib),
            )
        )
        memory = DeviceMemory.of([loaded.model], device)
        config = loaded.model.config
        defaults = TURBO_DEFAULTS if config.is_turbo else GUIDED_DEFAULTS
        limits = SampleLimits(
            latent_channels=config.audio_acoustic_hidden_dim,
            condition_width=config.encoder_hidden_size,
            max_frames=len(loaded.silence),
            max_condition_tokens=settings.max_condition_tokens,
            frames_per_token=config.patch_size,
        )
        stepper = DitStepper(
            loaded.model,
            loaded.silence,
            tokens_per_step=settings.tokens_per_step or (8192 if device.type == "cuda" else 2048),
            max_items=settings.batch_items,
            deterministic=settings.deterministic,
        )
        queue = BatchQueue(
            STAGE,
            stepper,
            telemetry,
            max_queued_items=settings.max_queued_items,
            max_queued_cost=QUEUED_ITEMS_OF_FULL_LENGTH * limits.max_frames * 2 * defaults.steps,
            turnstile=settings.turns(),
        )
        reported_limits = {
            "min_seconds": config.min_duration_seconds,
            "max_seconds": limits.max_frames / LATENT_FRAMES_PER_SECOND,
            "max_frames": limits.max_frames,
            "max_steps": MAX_STEPS,
            "latent_channels": limits.latent_channels,
            "condition_width": limits.condition_width,
            "max_condition_tokens": limits.max_condition_tokens,
        }
        identity = ModelIdentity(variant, loaded.revision, dtype, device)
        async with queue:
            engine = DitEngine(defaults, queue)
            await _warm_up(engine, limits)
            queue.forget_pace()
            reporter = Reporter(STAGE, identity, queue, reported_limits, memory)
            # Methods that the servicer leaves out answer UNIMPLEMENTED.
            servicer = DitServicer(  # type: ignore[abstract]
                engine, reporter, limits, defaults, knows_tracks=knows_tracks(config, variant)
            )
            dit_pb2_grpc.add_DitServiceServicer_to_server(servicer, grpc_server)
            yield

    return serving


async def _warm_up(engine: DitEngine, limits: SampleLimits) -> None:
    one_token = torch.zeros(1, limits.condition_width)
    async for _ in engine.sample(
        SampleItem(one_token, one_token, frames=1, options=SamplingOptions(steps=1)), seconds_left=None
    ):
        pass


if __name__ == "__main__":
    server.run(DitSettings, "quartet-dit", SERVICES, application, MAX_SAMPLE_BYTES)
