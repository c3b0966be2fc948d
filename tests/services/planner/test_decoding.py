"""Codes in steps of fixed shape: the same ones as token by token, whoever joins, leaves or writes text meanwhile."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from quartet.errors import InternalError
from services.planner import checkpoint, modes
from services.planner.cache import KeyValueCache
from services.planner.checkpoint import LoadedPlanner
from services.planner.decoding import CodeSteps
from services.planner.modes import Bounds
from services.planner.prompts import Prompts
from services.planner.rows import RowPool
from services.planner.runs import CodesRun
from services.planner.sampling import TokenSampling
from services.planner.tasks import CodesTask
from tests.services.planner.conftest import CPU, PLANNER, planner_queue, results
from tests.services.planner.test_generation_parity import codes_task, script_of


def random_tasks(prompts: Prompts, count: int, seed: int) -> list[CodesTask]:
    random = np.random.default_rng(seed)
    return [
        codes_task(
            prompts,
            number,
            guided=bool(random.integers(2)),
            sampling=TokenSampling(
                float(random.uniform(0, 1.5)),
                int(random.integers(0, 60)),
                float(random.choice([0.5, 0.9, 1.0])),
                seed=number,
            ),
            count=int(random.integers(1, 60)),
        )
        for number in range(count)
    ]


@pytest.mark.parametrize("codes_at_once", [2, 8])
async def test_the_codes_are_those_of_single_steps(loaded: LoadedPlanner, prompts: Prompts, codes_at_once: int) -> None:
    scripts = [script_of(task) for task in random_tasks(prompts, 9, seed=codes_at_once)]
    async with planner_queue(loaded, rows=6) as queue:
        singly = await results(queue, scripts)
    async with planner_queue(loaded, rows=6, codes_at_once=codes_at_once) as queue:
        assert await results(queue, scripts) == singly


async def test_text_goes_on_beside_codes(loaded: LoadedPlanner, prompts: Prompts) -> None:
    tasks = random_tasks(prompts, 3, seed=5)
    song = modes.compose(
        prompts, "rain", instrumental=False, language="en", sampling=TokenSampling(seed=3), bounds=Bounds(60, 64)
    )
    async with planner_queue(loaded) as queue:
        singly = await results(queue, [*map(script_of, tasks), song])
    async with planner_queue(loaded, codes_at_once=8) as queue:
        assert await results(queue, [*map(script_of, tasks), song]) == singly


def test_a_broken_network_is_told(tiny_models: Path, prompts: Prompts) -> None:
    broken = checkpoint.load(tiny_models, PLANNER, dtype=torch.float32, device=CPU)
    cache = KeyValueCache(broken.model.config, 2, 512, dtype=torch.float32, device=CPU)
    pool = RowPool(cache, share_prefixes=False, compact=True)
    run = CodesRun(codes_task(prompts, 1, guided=True, sampling=TokenSampling()), pool.acquire(2))
    run.fit(pool)
    for row in run.rows:
        row.take(len(row.pending) - 1)
    broken.model.norm.weight.data.fill_(torch.nan)
    CodeSteps(broken.model, cache, broken.tokenizer.audio_codes, 4).advance([run], 4)
    assert isinstance(run.error, InternalError)
    assert run.codes == []


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_cuda_graph_repeats_the_step(tiny_models: Path, prompts: Prompts) -> None:
    """Two equal tasks, one stepped by graphs, one by plain calls on the same device."""
    device = torch.device("cuda")
    on_gpu = checkpoint.load(tiny_models, PLANNER, dtype=torch.float32, device=device)
    written = []
    for capture in (True, False):
        cache = KeyValueCache(on_gpu.model.config, 2, 512, dtype=torch.float32, device=device)
        pool = RowPool(cache, share_prefixes=False, compact=True)
        run = CodesRun(codes_task(prompts, 1, guided=True, sampling=TokenSampling(seed=4), count=32), pool.acquire(2))
        run.fit(pool)
        for row in run.rows:
            row.take(len(row.pending) - 1)
        steps = CodeSteps(on_gpu.model, cache, on_gpu.tokenizer.audio_codes, 8, capture=capture)
        while run.missing:
            steps.advance([run], 8)
        written.append(run.codes)
    assert written[0] == written[1]
