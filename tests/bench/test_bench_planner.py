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
from serving.planning import CODES

PLANNER = "acestep-5Hz-lm-0.6B"
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def planner(tiny_models: Path) -> LoadedPlanner:
    return checkpoint.load(tiny_models, PLANNER, dtype=torch.bfloat16, device=CPU)


async def test_a_round_gives_a_row_for_every_case(tiny_models: Path) -> None:
    lines = (await measure(tiny_models, PLANNER, codes=2, rounds=1)).splitlines()
    names = [line.split("|")[1].strip() for line in lines if line.startswith("|")]
    assert names[2:] == [case.name for case in CASES]
    assert any(line.startswith("copy bandwidth") for line in lines)
    assert lines[-1].startswith("grammar mask")


def test_the_table_divides_medians_and_pairs_ratios_by_round() -> None:
    ours = {case: [10.0, 30.0, 20.0] for case in CASES} | {Case(16, guided=True): [100.0, 100.0, 100.0]}
    theirs = {case: [10.0, 10.0, 5.0] for case in CASES}
    rows = table(Rates(ours, theirs, copied=[80.0, 90.0, 70.0], read=[1.0]), weights=2).splitlines()
    assert rows[2] == "| 1, plain | 20.0 | 1.0 | 50% | 10.0 | 3.0 |"
    assert rows[7] == "| 16, guided | 100.0 | 5.0 |  | 10.0 | 10.0 |"


@pytest.mark.parametrize("guided", [False, True])
def test_generate_writes_the_same_codes_alone_and_beside_a_longer_prompt(
    tiny_models: Path, planner: LoadedPlanner, *, guided: bool
) -> None:
    """Greedily; the mask hides the padding, and pairs stay together."""
    task = task_of(planner, 0, 4, guided=guided)
    greedy = replace(task, sampling=replace(task.sampling, temperature=0.0))
    longer = replace(greedy, prompt=(*greedy.prompt[:8], *greedy.prompt))
    generate = Generate(tiny_models / PLANNER, planner.tokenizer.first_code, CPU, dtype=torch.float32)
    (alone,) = generate.codes([greedy])
    beside = generate.codes([longer, greedy])
    assert beside[1] == alone
    assert all(len(codes) == 4 and 0 <= code < CODES for codes in beside for code in codes)


def test_a_code_reads_every_layer_once_and_the_rows_of_the_codes(planner: LoadedPlanner) -> None:
    layers = sum(parameter.numel() for layer in planner.model.layers for parameter in layer.parameters())
    norms = sum(
        parameter.numel() for layer in planner.model.layers for parameter in layer.parameters() if parameter.dim() == 1
    )
    assert read_bytes(planner) == 2 * (layers - norms + CODES * planner.model.config.width)
