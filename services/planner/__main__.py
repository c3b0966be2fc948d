"""`python -m services.planner`: serves the language models of a model family."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial

import grpc.aio
import torch

from quartet.models.family import default_planner, planners_of
from quartet.v1 import planner_pb2, planner_pb2_grpc
from services.layers.quantization import WeightForm
from services.planner import checkpoint, modes, tokenization
from services.planner.cache import BLOCK, KeyValueCache
from services.planner.codes import CODES_PER_SECOND
from services.planner.engine import PlannerEngine
from services.planner.memory import fitting_rows
from services.planner.model import LanguageModel
from services.planner.modes import Bounds, PlanWish
from services.planner.prompts import Prompts
from services.planner.sampling import TokenSampling
from services.planner.servicer import PlannerServicer, ServedPlanner
from services.planner.thought import Thought
from services.runtime.batching import BatchQueue
from services.runtime.device_memory import DeviceMemory
from services.runtime.loading import loaded_apart
from services.runtime.placement import weight_budget
from services.runtime.reports import ModelIdentity, Reporter
from services.runtime.residence import Residence
from services.runtime.settings import StageSettings
from serving import planning, server
from serving.server import Application, StartupError
from serving.settings import setting
from serving.telemetry import Telemetry

STAGE = "planner"
SERVICES = (planner_pb2.DESCRIPTOR.services_by_name["PlannerService"].full_name,)

# Text under a grammar and guided audio codes, one token of each.
_WARM_UP = PlanWish(
    caption="warm-up",
    lyrics="",
    given=Thought(bpm=120, duration=1, keyscale="C major"),
    seconds=0.2,
    write_metadata=True,
    rewrite_caption=False,
    detect_language=False,
    write_codes=True,
    sampling=TokenSampling(),
)


@dataclass(frozen=True)
class PlannerSettings(StageSettings):
    """Serves the planner: metadata, lyrics and audio codes of songs."""

    planners: str = setting(
        "",
        "folders of the language models within the family, by comma; the first is the default; "
        "empty takes acestep-5Hz-lm-1.7B, or else the first by name",
    )
    rows: int = setting(0, "rows of the batch, two for each guided item; 0 takes 32 or what fits in memory", at_least=0)
    context: int = setting(8192, "longest prompt and answer in tokens", at_least=1024)
    prefill_tokens: int = setting(
        0, f"tokens of prompts in one forward pass, {BLOCK} or more; 0 takes 512 on a GPU and 128 elsewhere", at_least=0
    )
    codes_at_once: int = setting(
        0, "audio codes of an item between two looks at the host; 0 takes 8 on a GPU and 1 elsewhere", at_least=0
    )
    max_seconds: int = setting(600, "longest song", at_least=10)
    max_lyric_tokens: int = setting(2048, "longest lyrics that are written", at_least=16)
    max_queued_tokens: int = setting(200_000, "expected tokens of the items that may wait", at_least=1)
    idle_seconds: float = setting(
        0, "loads a model when it is first asked for, releases it when idle for so long; 0 keeps all loaded", at_least=0
    )
    weights: str = setting(
        "full", "form of the layers' weights: full, or 8 bits, which need torchao", choices=tuple(WeightForm)
    )
    weights_mib: int = setting(
        0,
        "MiB of each model's weights on the device; the other layers come from host memory for their turn; 0 keeps all",
        at_least=0,
    )


def application(settings: PlannerSettings) -> Application:
    """The stage's application: loads the language models, warms them up, serves."""

    @asynccontextmanager
    async def serving(grpc_server: grpc.aio.Server, telemetry: Telemetry) -> AsyncIterator[None]:
        settings.apply_to_process()
        planners = settings.planners or default_planner(settings.models)
        names = [name.strip() for name in planners.split(",") if name.strip()]
        if not names:
            raise StartupError("--planners: names no language model")
        dtype = settings.torch_dtype()
        if dtype == torch.float16:
            raise StartupError("--dtype: float16 overflows in planners; use bfloat16 or float32")
        if 0 < settings.prefill_tokens < BLOCK:
            raise StartupError(
                f"--prefill-tokens: {settings.prefill_tokens} is below {BLOCK}; 0 leaves it to the planner"
            )
        codebook_sizes = {name: _codebook_size(name, settings) for name in names}
        bounds = Bounds(settings.max_seconds, settings.max_lyric_tokens)
        async with AsyncExitStack() as stack:
            residences = {}
            for name in names:
                load = partial(_served, name, len(names), dtype, bounds, settings, telemetry)
                residences[name] = await stack.enter_async_context(Residence(name, load, settings.idle_seconds))
            servicer = PlannerServicer(residences, codebook_sizes, bounds)
            planner_pb2_grpc.add_PlannerServiceServicer_to_server(servicer, grpc_server)
            yield

    return serving


def _codebook_size(name: str, settings: PlannerSettings) -> int:
    """Audio codes of a model that is not loaded yet."""
    if name not in (installed := planners_of(settings.models)):
        raise StartupError(f"--planners: {settings.models} has no {name}, only {', '.join(installed) or 'none'}")
    return tokenization.codebook_size(settings.models / name / checkpoint.TOKENIZER)


@asynccontextmanager
async def _served(
    name: str, count: int, dtype: torch.dtype, bounds: Bounds, settings: PlannerSettings, telemetry: Telemetry
) -> AsyncIterator[ServedPlanner]:
    """One of `count` models, loaded and warmed up."""
    device = settings.torch_device()
    budget = weight_budget(settings.weights_mib)
    loaded = await loaded_apart(
        lambda: checkpoint.load(
            settings.models, name, dtype=dtype, device=device, form=WeightForm(settings.weights), budget=budget
        )
    )
    memory = DeviceMemory.of([loaded.model], device)
    config = loaded.model.config
    context = min(settings.context, config.positions)
    bounds = replace(bounds, context=context)
    rows = settings.rows or fitting_rows(config.cache_bytes(context, dtype.itemsize) * count, device)
    engine = PlannerEngine(
        loaded.model,
        loaded.tokenizer,
        KeyValueCache(config, rows, context, dtype=dtype, device=device),
        prefill_tokens=_prefill_tokens(settings, device),
        deterministic=settings.deterministic,
        codes_at_once=_codes_at_once(settings, loaded.model, device),
    )
    limits = {
        "max_caption_characters": planning.MAX_CAPTION_CHARACTERS,
        "max_lyric_characters": planning.MAX_LYRIC_CHARACTERS,
        "max_seconds": settings.max_seconds,
        "max_codes": settings.max_seconds * CODES_PER_SECOND,
        "max_context_tokens": context,
        "rows": rows,
    }
    queue = BatchQueue(
        STAGE,
        engine,
        telemetry,
        max_queued_items=settings.max_queued_items,
        max_queued_cost=settings.max_queued_tokens,
        turnstile=settings.turns(),
    )
    prompts = Prompts(loaded.tokenizer)
    async with queue:
        try:
            warm_up = modes.plan(prompts, _WARM_UP, bounds)
            await queue.run(warm_up, cost=warm_up.cost, seconds_left=None)
            queue.forget_pace()
            identity = ModelIdentity(name, loaded.revision, dtype, device, len(loaded.tokenizer.audio_codes))
            yield ServedPlanner(prompts, bounds, queue, Reporter(STAGE, identity, queue, limits, memory))
        finally:
            engine.close()


def _prefill_tokens(settings: PlannerSettings, device: torch.device) -> int:
    """On a CPU larger pieces are hardly faster, but everybody waits for them."""
    return settings.prefill_tokens or (512 if device.type == "cuda" else 128)


def _codes_at_once(settings: PlannerSettings, model: LanguageModel, device: torch.device) -> int:
    """A CUDA graph holds addresses of weights, which must therefore stay where they are."""
    stays = not model.layers.host_bytes
    return (settings.codes_at_once or (8 if device.type == "cuda" else 1)) if stays else 1


if __name__ == "__main__":
    server.run(PlannerSettings, "quartet-planner", SERVICES, application)
