"""Muon moves matrices between states along orthogonal ones, and a training with it goes on bit by bit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from training.loop import STATE, LoopSettings, run
from training.muon import Muon, orthogonal

SETTINGS = LoopSettings(steps=8, learning_rate=1e-2, muon=2.0, warmup_steps=0, save_every=4, sample_every=8)


class Map:
    """Finds the matrix that points were multiplied with."""

    units_per_batch = 64.0

    def __init__(self) -> None:
        self.parameters = {
            "mixer.weight": torch.zeros(64, 96, requires_grad=True),
            "embed_tokens.weight": torch.zeros(64, 96, requires_grad=True),
            "narrow.weight": torch.zeros(96, 4, requires_grad=True),
            "norm.weight": torch.ones(96, requires_grad=True),
        }
        self._wanted = torch.randn(64, 96, generator=torch.Generator().manual_seed(1000))

    def loss(self, batch: int) -> tuple[torch.Tensor, Mapping[str, torch.Tensor]]:
        points = torch.randn(128, 64, generator=torch.Generator().manual_seed(batch))
        weights = self.parameters
        found = points @ (weights["mixer.weight"] + weights["embed_tokens.weight"]) * weights["norm.weight"]
        error = (found - points @ self._wanted).square().mean() + weights["narrow.weight"].square().mean()
        return error, {"error": error}

    def sample(self, averaged: Mapping[str, torch.Tensor], folder: Path) -> Mapping[str, float]:
        return {"distance": float((averaged["mixer.weight"] - self._wanted).norm())}


@pytest.mark.parametrize("shape", [(1, 64, 96), (3, 64, 200), (2, 200, 64)])
def test_singular_values_are_near_one_and_directions_stay(shape: tuple[int, int, int]) -> None:
    matrices = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    found = orthogonal(matrices)
    values = torch.linalg.svdvals(found)
    assert values.min() > 0.5
    assert values.max() < 1.3
    left, _, right = torch.linalg.svd(matrices, full_matrices=False)
    exact = left @ right
    assert ((found * exact).sum((1, 2)) / (found.norm(dim=(1, 2)) * exact.norm(dim=(1, 2)))).min() > 0.95


def test_matrices_of_one_stack_do_not_depend_on_each_other_and_zeros_stay() -> None:
    matrices = torch.randn(2, 64, 64, generator=torch.Generator().manual_seed(0))
    assert torch.equal(orthogonal(matrices)[0], orthogonal(matrices[:1])[0])
    assert not orthogonal(torch.zeros(1, 64, 64)).any()


def test_only_matrices_between_states_are_its_own() -> None:
    fixed = torch.zeros(64, 64)
    assert list(Muon.of_matrices_within({**Map().parameters, "fixed.weight": fixed}).weights) == ["mixer.weight"]


def test_a_step_is_as_long_as_one_of_adamw(tmp_path: Path) -> None:
    task = Map()
    run(task, replace(SETTINGS, steps=1), tmp_path)
    assert 0.15 < task.parameters["mixer.weight"].square().mean().sqrt() / (2 * SETTINGS.learning_rate) < 0.25


def test_it_learns_and_goes_on_bit_by_bit(tmp_path: Path) -> None:
    # The rate stays, so that a training of 4 steps is the beginning of one of 8.
    steady = replace(SETTINGS, final_rate=1.0)
    run(Map(), steady, tmp_path / "whole")
    run(Map(), replace(steady, steps=4), tmp_path / "parts")
    run(Map(), steady, tmp_path / "parts")
    whole, parts = (load_file(tmp_path / name / STATE) for name in ("whole", "parts"))
    assert "mean.mixer.weight" in whole
    assert "square.mixer.weight" not in whole
    assert all(torch.equal(tensor, parts[name]) for name, tensor in whole.items())
    task = Map()
    assert run(task, replace(SETTINGS, steps=200, save_every=200), tmp_path / "long").finished
    with torch.no_grad():
        assert float(task.loss(0)[0]) < 0.1 * float(Map().loss(0)[0])
