"""The planner's benchmark runs whole on a tiny planner, and compares equal things."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from bench.generate import Generate
from bench.planner import CASES, Case, Rates, measure, read_bytes, table, task_of
from services.planner import checkpoint
from services.planner.checkpoint import LoadedPlanner
from services.planner.tokenization import MOST_CODES

PLANNER = "acestep-5Hz-lm-0.6B"
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def planner(tiny_models: Path) -> LoadedPlanner:
    return checkpoint.load(tiny_models, PLANNER, dtype=torch.bfloat16, device=CPU)


async def test_a_round_gives_a_row_for_every_case(tiny_models: Path) -> None:
    lines = (await measure(tiny_models, PLANNER, codes=2, rounds=1)).splitlines()
    names = [line.split("|")[1].strip() for line in lines if line.startswith("|")]
    assert names[2:] == [case.name for case in CASES]
    assert lines[-1].startswith("grammar mask")


def test_the_table_divides_medians_and_pairs_ratios_by_round() -> None:
    alone = Rates(copied=[4e10, 6e10, 8e10], read=[3e10] * 3, ours=[10.0, 30.0, 20.0], theirs=[10.0, 10.0, 5.0])
    many = Rates(copied=[5e10] * 3, read=[4e10] * 3, ours=[100.0] * 3, theirs=[10.0] * 3)
    rows = table({Case(1, guided=False): alone, Case(16, guided=True): many}, weights=10**9).splitlines()
    assert rows[2] == "| 1, plain | 20.0 | 1.0 | 10.0 | 3.0 | 60 | 30 | 25% |"
    assert rows[3] == "| 16, guided | 100.0 | 5.0 | 10.0 | 10.0 | 50 | 40 |  |"


@pytest.mark.parametrize("guided", [False, True])
def test_generate_writes_the_same_codes_alone_and_beside_a_longer_prompt(
    tiny_models: Path, planner: LoadedPlanner, *, guided: bool
) -> None:
    """Greedily; the mask hides the padding, and pairs stay together."""
    task = task_of(planner, 0, 4, guided=guided)
    greedy = replace(task, sampling=replace(task.sampling, temperature=0.0))
    longer = replace(greedy, prompt=(*greedy.prompt[:8], *greedy.prompt))
    generate = Generate(tiny_models / PLANNER, planner.tokenizer.audio_codes, CPU, dtype=torch.float32)
    (alone,) = generate.codes([greedy])
    beside = generate.codes([longer, greedy])
    assert beside[1] == alone
    assert all(len(codes) == 4 and 0 <= code < MOST_CODES for codes in beside for code in codes)


def test_a_code_reads_every_layer_once_and_the_rows_of_the_codes(planner: LoadedPlanner) -> None:
    weights = {name: weight.numel() for name, weight in planner.model.layers.named_parameters() if "norm" not in name}
    assert read_bytes(planner) == 2 * (sum(weights.values()) + MOST_CODES * planner.model.config.width)
