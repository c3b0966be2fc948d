"""Plans are codes that a planner writes for the words of clips, kept as long as they are of this planner."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from services.planner import checkpoint
from services.planner.checkpoint import LoadedPlanner
from services.planner.codes import code_count
from tests.training.planner.conftest import CODES, CPU, PLANNER, Trainee, write_latents
from training.latents import LatentStoreError
from training.planner.codes import CodedClip, Kept, read_codes
from training.planner.export import write_planner
from training.planner.plans import keep_plans, plans
from training.synth.clip import describe

SEEDS = (5, 9, 3)


@pytest.fixture(scope="module")
def planner(trainee: Trainee) -> LoadedPlanner:
    """One of random weights."""
    write_planner(trainee.models / PLANNER, trainee.network(), trainee.config)
    return checkpoint.load(trainee.models, PLANNER, dtype=torch.float32, device=CPU)


@pytest.fixture
def latents(tmp_path: Path) -> Path:
    write_latents(tmp_path, "a", SEEDS)
    return tmp_path


def kept(folder: Path) -> dict[int, CodedClip]:
    return {clip.seed: clip for clip in read_codes(folder, Kept.PLANS).clips}


def test_a_clip_is_planned_as_long_as_its_words_say(latents: Path, planner: LoadedPlanner) -> None:
    lengths = {seed: describe(seed).facts.seconds for seed in SEEDS}
    longest = sorted(lengths.values())[1]
    keep_plans(latents, planner, longest=longest)
    for seed, clip in kept(latents).items():
        planned = code_count(lengths[seed]) if lengths[seed] <= longest else 0
        assert len(clip.codes) == planned
        assert all(0 <= code < CODES for code in clip.codes)
    assert sum(len(clip.codes) > 0 for clip in kept(latents).values()) == 2


def test_a_plan_does_not_depend_on_the_others(planner: LoadedPlanner) -> None:
    songs = [describe(seed, seconds=2.0) for seed in range(4)]
    together = plans(planner, songs)
    assert torch.equal(plans(planner, songs[3:])[3], together[3])
    assert not torch.equal(together[2], together[3])


def test_an_interruption_leaves_whole_shards(latents: Path, planner: LoadedPlanner) -> None:
    write_latents(latents, "b", (4,))
    answers = iter([False, True])
    assert not keep_plans(latents, planner, longest=60, interrupted=lambda: next(answers))
    assert (latents / f"a{Kept.PLANS}").exists()
    with pytest.raises(
        LatentStoreError, match=r"b\.plans\.safetensors: .*; write them by python -m training\.planner\.plans"
    ):
        kept(latents)
    assert keep_plans(latents, planner, longest=60)
    assert set(kept(latents)) == {*SEEDS, 4}


def test_a_song_that_cannot_be_planned_is_named(trainee: Trainee, tmp_path: Path) -> None:
    network = trainee.network()
    network.norm.weight.data[0] = torch.nan
    models = shutil.copytree(trainee.models, tmp_path / "models")
    write_planner(models / PLANNER, network, trainee.config)
    broken = checkpoint.load(models, PLANNER, dtype=torch.float32, device=CPU)
    with pytest.raises(LatentStoreError, match="the clip of seed 5 cannot be planned: the planner produced NaN"):
        plans(broken, [describe(5, seconds=2.0)])


def test_clips_are_planned_once_and_again_by_another_planner(latents: Path, planner: LoadedPlanner) -> None:
    keep_plans(latents, planner, longest=60)
    path = latents / f"a{Kept.PLANS}"
    written = path.stat().st_mtime_ns
    keep_plans(latents, planner, longest=60)
    assert path.stat().st_mtime_ns == written
    before = kept(latents)
    keep_plans(latents, replace(planner, revision="another"), longest=60)
    assert path.stat().st_mtime_ns != written
    assert all(np.array_equal(clip.codes, before[seed].codes) for seed, clip in kept(latents).items())
