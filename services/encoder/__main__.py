"""`python -m services.encoder`: serves the text and condition encoders of a model family."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import grpc.aio

from quartet.v1 import encoder_pb2, encoder_pb2_grpc
from services.encoder import checkpoint, servicer
from services.encoder.engine import EncodeItem, EncoderEngine
from services.encoder.prompt import Prompt
from services.encoder.servicer import EncoderLimits, EncoderServicer
from services.encoder.stepper import EncoderStepper
from services.runtime.batching import BatchQueue
from services.runtime.device_memory import DeviceMemory
from services.runtime.loading import loaded_apart
from services.runtime.placement import weight_budget
from services.runtime.reports import ModelIdentity, Reporter
from services.runtime.settings import VariantSettings
from services.runtime.shared_results import observe
from serving import server
from serving.server import Application
from serving.settings import setting
from serving.telemetry import Telemetry

STAGE = "encoder"
SERVICES = (encoder_pb2.DESCRIPTOR.services_by_name["EncoderService"].full_name,)


@dataclass(frozen=True)
class EncoderSettings(VariantSettings):
    """Serves the encoders: prompts to conditions, latents to audio codes and back."""

    max_queued_tokens: int = setting(100_000, "tokens that may wait for the engine", at_least=1)
    batch_items: int = setting(64, "items that take turns at the networks; others wait", at_least=1)
    tokens_per_step: int = setting(
        0, "tokens of items that share a step; 0 takes 16384 on a GPU and 2048 elsewhere", at_least=0
    )
    weights_mib: int = setting(
        0,
        "MiB of weights on the device; the other layers lie in host memory and come for their turn; 0 keeps all",
        at_least=0,
    )
    cache_mib: int = setting(256, "conditions that are kept, in MiB; about 3 for each; 0 keeps none", at_least=0)
    max_frames: int = setting(15_000, "longest latents to tokenize, 25 frames per second", at_least=1)


def application(settings: EncoderSettings) -> Application:
    """The stage's application: loads the encoders, warms them up, serves."""

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
                budget=weight_budget(settings.weights_mib),
            )
        )
        memory = DeviceMemory.of(loaded.model.modules(), device)
        config = loaded.config
        limits = EncoderLimits(
            latent_channels=config.latent_channels,
            reference_frames=config.reference_frames,
            max_frames=settings.max_frames,
            max_codes=settings.max_frames // config.pool_window,
            codebook_size=math.prod(config.fsq_levels),
        )
        reported_limits = {
            "max_caption_characters": servicer.MAX_CAPTION_CHARACTERS,
            "max_lyric_characters": servicer.MAX_LYRIC_CHARACTERS,
            "max_references": servicer.MAX_REFERENCES,
            "reference_frames": limits.reference_frames,
            "max_frames": limits.max_frames,
            "max_codes": limits.max_codes,
            "latent_channels": limits.latent_channels,
            "condition_width": config.width,
        }
        stepper = EncoderStepper(
            loaded.model,
            tokens_per_step=settings.tokens_per_step or (16_384 if device.type == "cuda" else 2048),
            max_items=settings.batch_items,
            deterministic=settings.deterministic,
        )
        queue = BatchQueue(
            STAGE,
            stepper,
            telemetry,
            max_queued_items=settings.max_queued_items,
            max_queued_cost=settings.max_queued_tokens,
            turnstile=settings.turns(),
        )
        identity = ModelIdentity(variant, loaded.revision, dtype, device, limits.codebook_size)
        async with queue:
            engine = EncoderEngine(
                loaded.model.null_condition, loaded.tokenizer, queue, cache_bytes=settings.cache_mib * 2**20
            )
            observe(telemetry.meter, "quartet.encoder.condition", lambda: engine.cache_counts)
            await engine.encode(EncodeItem(Prompt("warm-up", "")), seconds_left=None)
            queue.forget_pace()
            reporter = Reporter(STAGE, identity, queue, reported_limits, memory)
            encoder_pb2_grpc.add_EncoderServiceServicer_to_server(
                EncoderServicer(engine, reporter, limits), grpc_server
            )
            yield

    return serving


if __name__ == "__main__":
    server.run(EncoderSettings, "quartet-encoder", SERVICES, application)
