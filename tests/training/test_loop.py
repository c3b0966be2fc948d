"""A training goes on where it was interrupted, bit by bit, and survives bad gradients and signals."""

from __future__ import annotations

import csv
import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from training.checkpoints import TrainingStateError
from training.loop import STATE, LoopSettings, run

KINDS = ("weights", "averaged", "mean", "square")
SETTINGS = LoopSettings(
    steps=12, learning_rate=0.05, warmup_steps=2, save_every=4, sample_every=6, log_every=2, weight_decay=0.01
)


class Line:
    """Fits a line to noisy points. `factor` is asked before each batch and multiplies its loss."""

    units_per_batch = 8.0

    def __init__(self, width: int = 2, factor: Callable[[int], float] = lambda batch: 1.0) -> None:
        self.parameters = {"slope": torch.zeros(width, requires_grad=True), "shift": torch.zeros(1, requires_grad=True)}
        self.batches: list[int] = []
        self._factor = factor

    def loss(self, batch: int) -> tuple[torch.Tensor, Mapping[str, torch.Tensor]]:
        self.batches.append(batch)
        factor = self._factor(batch)
        generator = torch.Generator().manual_seed(batch)
        points = torch.randn(8, len(self.parameters["slope"]), generator=generator)
        wanted = points.sum(1) + 3 + 0.1 * torch.randn(8, generator=generator)
        error = (points @ self.parameters["slope"] + self.parameters["shift"] - wanted).square().mean()
        return factor * error, {"error": error}

    def sample(self, averaged: Mapping[str, torch.Tensor], folder: Path) -> Mapping[str, float]:
        return {"shift": float(averaged["shift"])}


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_resumed_training_equals_an_uninterrupted_one(tmp_path: Path) -> None:
    run(Line(), SETTINGS, tmp_path / "whole")

    def interrupt(batch: int) -> float:
        if batch == 4:
            os.kill(os.getpid(), signal.SIGTERM)
        return 1.0

    first = run(Line(factor=interrupt), SETTINGS, tmp_path / "parts")
    assert (first.finished, first.progress.step) == (False, 5)
    rest = Line()
    assert run(rest, SETTINGS, tmp_path / "parts").finished
    assert rest.batches == list(range(5, 12))

    whole, parts = (load_file(tmp_path / name / STATE) for name in ("whole", "parts"))
    assert sorted(whole) == sorted(f"{kind}.{name}" for kind in KINDS for name in rest.parameters)
    for name, tensor in whole.items():
        assert torch.equal(tensor, parts[name]), name


def test_batches_are_accumulated_to_one_gradient(tmp_path: Path) -> None:
    task = Line()
    slope = task.parameters["slope"]
    first, second = (torch.autograd.grad(task.loss(batch)[0], slope)[0] for batch in (0, 1))
    task = Line()
    run(task, replace(SETTINGS, steps=1, accumulate=2, clip_norm=1e6), tmp_path)
    assert task.batches == [0, 1]
    mean = load_file(tmp_path / STATE)["mean.slope"]
    torch.testing.assert_close(mean, 0.1 * (first + second) / 2)


def test_a_step_with_a_gradient_that_is_not_finite_is_skipped_and_counted(tmp_path: Path) -> None:
    seen: list[torch.Tensor] = []

    def spoil(batch: int) -> float:
        seen.append(task.parameters["slope"].detach().clone())
        return float("inf") if batch == 3 else 1.0

    task = Line(factor=spoil)
    outcome = run(task, SETTINGS, tmp_path)
    assert (outcome.progress.step, outcome.progress.skipped) == (12, 1)
    assert torch.equal(seen[4], seen[3])
    assert not torch.equal(seen[5], seen[4])
    assert rows(tmp_path / "losses.csv")[-1]["skipped"] == "1"


def test_losses_and_samples_are_written_as_tables_and_plots(tmp_path: Path) -> None:
    run(Line(), SETTINGS, tmp_path)
    losses = rows(tmp_path / "losses.csv")
    assert [row["step"] for row in losses] == ["2", "4", "6", "8", "10", "12"]
    assert float(losses[-1]["error"]) < float(losses[0]["error"])
    assert float(losses[0]["units_per_second"]) > 0
    assert [row["step"] for row in rows(tmp_path / "samples.csv")] == ["6", "12"]
    for name in ("losses.png", "samples.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")


def test_rows_of_steps_that_were_lost_are_written_again(tmp_path: Path) -> None:
    def crash(batch: int) -> float:
        if batch == 7:
            raise MemoryError
        return 1.0

    with pytest.raises(MemoryError):
        run(Line(factor=crash), SETTINGS, tmp_path)
    assert [row["step"] for row in rows(tmp_path / "losses.csv")] == ["2", "4", "6"]
    run(Line(), SETTINGS, tmp_path)
    assert [float(row["step"]) for row in rows(tmp_path / "losses.csv")] == [2, 4, 6, 8, 10, 12]


def test_a_finished_training_is_measured_again_and_left_as_it_is(tmp_path: Path) -> None:
    first = run(Line(), SETTINGS, tmp_path)
    before = load_file(tmp_path / STATE)
    again = Line()
    second = run(again, SETTINGS, tmp_path)
    assert again.batches == []
    assert (second.finished, second.measured) == (True, first.measured)
    assert all(torch.equal(tensor, before[name]) for name, tensor in load_file(tmp_path / STATE).items())
    assert [float(row["step"]) for row in rows(tmp_path / "samples.csv")] == [6, 12]


def test_the_average_follows_the_weights(tmp_path: Path) -> None:
    outcome = run(Line(), replace(SETTINGS, ema_decay=0), tmp_path)
    weights = load_file(tmp_path / STATE)
    assert torch.equal(outcome.averaged["slope"], weights["weights.slope"])


def test_the_rate_rises_and_falls() -> None:
    settings = replace(SETTINGS, steps=102, warmup_steps=2, learning_rate=1.0, final_rate=0.1)
    assert [settings.rate(step) for step in (0, 1, 2)] == [0.5, 1.0, 1.0]
    assert settings.rate(52) == pytest.approx(0.55)
    assert settings.rate(102) == pytest.approx(0.1)


@pytest.mark.parametrize("spoil", [lambda path: path.write_bytes(b"no tensors"), lambda path: path.write_bytes(b"")])
def test_a_state_that_is_not_whole_is_refused(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    spoil(tmp_path / STATE)
    with pytest.raises(TrainingStateError, match=r"state\.safetensors: holds no state of a training"):
        run(Line(), SETTINGS, tmp_path)


def test_the_state_of_another_network_is_refused(tmp_path: Path) -> None:
    run(Line(), SETTINGS, tmp_path)
    with pytest.raises(TrainingStateError, match=r"is of another network, see averaged\.slope"):
        run(Line(width=3), SETTINGS, tmp_path)
