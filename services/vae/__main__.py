"""`python -m services.vae`: serves the audio codec of a model family."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import grpc.aio
import torch

from quartet.v1 import vae_pb2, vae_pb2_grpc
from services.runtime.batching import BatchQueue
from services.runtime.device_memory import DeviceMemory
from services.runtime.loading import loaded_apart
from services.runtime.reports import ModelIdentity, Reporter
from services.runtime.settings import StageSettings
from services.vae import checkpoint
from services.vae.codec import WindowedCodec
from services.vae.engine import VaeEngine
from services.vae.servicer import AudioShape, VaeServicer
from services.vae.stepper import DecodeItem, VaeStepper
from services.vae.windows import MIN_WINDOW_FRAMES
from serving import server
from serving.allocator import map_blocks_from
from serving.server import Application
from serving.settings import setting
from serving.telemetry import Telemetry

STAGE = "vae"
# The codec's tensors are tens of MiB, of many sizes: in mappings of their own they take half of the memory.
MAPPED_BYTES = 2**20
SERVICES = (vae_pb2.DESCRIPTOR.services_by_name["VaeService"].full_name,)
QUEUED_ITEMS_OF_FULL_LENGTH = 8


@dataclass(frozen=True)
class VaeSettings(StageSettings):
    """Serves the audio codec: decodes latents to PCM and encodes PCM to latents."""

    window_frames: int = setting(
        270,
        "latent frames that the network sees at most at once; bounds its memory, and replicas must agree on it",
        at_least=MIN_WINDOW_FRAMES,
    )
    windows_per_step: int = setting(
        0, "windows of different items that the network sees together; 0 takes 4 on a GPU and 1 elsewhere", at_least=0
    )
    batch_items: int = setting(16, "items that take turns at the network; others wait", at_least=1)
    max_frames: int = setting(15_025, "longest item in latent frames, 25 per second", at_least=1)


def application(settings: VaeSettings) -> Application:
    """The stage's application: loads the codec, warms it up, serves."""

    @asynccontextmanager
    async def serving(grpc_server: grpc.aio.Server, telemetry: Telemetry) -> AsyncIterator[None]:
        settings.apply_to_process()
        map_blocks_from(MAPPED_BYTES)
        device, dtype = settings.torch_device(), settings.torch_dtype()
        loaded = await loaded_apart(lambda: checkpoint.load(settings.models, dtype=dtype, device=device))
        memory = DeviceMemory.of([loaded.model], device)
        config = loaded.model.config
        shape = AudioShape(
            sample_rate=config.sampling_rate,
            channels=config.audio_channels,
            hop=config.hop,
            latent_channels=config.latent_channels,
            max_frames=settings.max_frames,
        )
        codec = WindowedCodec(loaded.model, settings.window_frames, device=device, dtype=dtype)
        windows = 1 if settings.deterministic else settings.windows_per_step or (4 if device.type == "cuda" else 1)
        queue = BatchQueue(
            STAGE,
            VaeStepper(codec, windows_per_step=windows, max_items=settings.batch_items),
            telemetry,
            max_queued_items=settings.max_queued_items,
            max_queued_cost=QUEUED_ITEMS_OF_FULL_LENGTH * settings.max_frames,
            turnstile=settings.turns(),
        )
        limits = {
            "max_frames": shape.max_frames,
            "max_samples": shape.max_samples,
            "latent_channels": shape.latent_channels,
            "window_frames": settings.window_frames,
        }
        identity = ModelIdentity(checkpoint.FOLDER, loaded.revision, dtype, device)
        async with queue:
            engine = VaeEngine(config, queue)
            async for _ in engine.decode(DecodeItem(torch.zeros(1, shape.latent_channels)), seconds_left=None):
                pass
            queue.forget_pace()
            servicer = VaeServicer(engine, Reporter(STAGE, identity, queue, limits, memory), shape)
            vae_pb2_grpc.add_VaeServiceServicer_to_server(servicer, grpc_server)
            yield

    return serving


if __name__ == "__main__":
    server.run(VaeSettings, "quartet-vae", SERVICES, application)
