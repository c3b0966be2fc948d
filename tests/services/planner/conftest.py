"""A tiny planner in this process, and engines around it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import Qwen3ForCausalLM

from services.planner import checkpoint
from services.planner.cache import KeyValueCache
from services.planner.checkpoint import LoadedPlanner
from services.planner.engine import PlannerEngine
from services.planner.prompts import Prompts
from services.planner.tasks import Script
from services.runtime.batching import BatchQueue
from services.runtime.items import Finished
from serving.telemetry import Telemetry
from training.model_configs import TINY_PLANNER
from training.random_checkpoint import write_planner

PLANNER = "acestep-5Hz-lm-1.7B"
CPU = torch.device("cpu")


@pytest.fixture(scope="session")
def loaded(tiny_models: Path) -> LoadedPlanner:
    """The tiny planner in float32."""
    return checkpoint.load(tiny_models, PLANNER, dtype=torch.float32, device=CPU)


@pytest.fixture(scope="session")
def prompts(loaded: LoadedPlanner) -> Prompts:
    """Its prompts."""
    return Prompts(loaded.tokenizer)


@pytest.fixture(scope="session")
def reference(tiny_models: Path) -> Any:
    """transformers' model of the same folder."""
    return Qwen3ForCausalLM.from_pretrained(
        tiny_models / PLANNER, dtype=torch.float32, attn_implementation="eager"
    ).train(False)


@asynccontextmanager
async def planner_queue(
    loaded: LoadedPlanner,
    *,
    rows: int = 32,
    context: int = 4096,
    prefill_tokens: int = 512,
    deterministic: bool = False,
    codes_at_once: int = 1,
) -> AsyncIterator[BatchQueue[Script]]:
    """An engine of its own behind a queue."""
    cache = KeyValueCache(loaded.model.config, rows, context, dtype=torch.float32, device=CPU)
    engine = PlannerEngine(
        loaded.model,
        loaded.tokenizer,
        cache,
        prefill_tokens=prefill_tokens,
        deterministic=deterministic,
        codes_at_once=codes_at_once,
    )
    telemetry = Telemetry.to("test", "")
    queue = BatchQueue("planner", engine, telemetry, max_queued_items=4096, max_queued_cost=1e12)
    try:
        async with queue:
            yield queue
    finally:
        engine.close()


async def results(queue: BatchQueue[Script], scripts: Sequence[Script]) -> list[Any]:
    """Runs scripts side by side."""

    async def result(script: Script) -> Any:
        finished: Finished[Any] = await queue.run(script, cost=1, seconds_left=None)
        return finished.result

    return await asyncio.gather(*map(result, scripts))


@pytest.fixture(scope="session")
def qwen_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny planner with the id layout of Qwen's tokenizer."""
    models = tmp_path_factory.mktemp("qwen")
    write_planner(models / PLANNER, TINY_PLANNER)
    return models


@pytest.fixture(scope="session")
def qwen(qwen_models: Path) -> LoadedPlanner:
    """A tiny planner with the id layout of Qwen's tokenizer."""
    return checkpoint.load(qwen_models, PLANNER, dtype=torch.float32, device=CPU)
