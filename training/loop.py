"""The loop of every trainer: batches to gradients to steps of the weights and their average, on a CPU or a GPU.

On a CPU, a run that was interrupted goes on bit by bit as if it had not been; some kernels of GPUs add in any order.
Batches and all random numbers are functions of the seed and the number of the batch, so that nothing but tensors and
counters has to be kept.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch

from serving.settings import setting
from training.checkpoints import Progress, TrainingState, restore, save
from training.interruption import interruption
from training.metrics import MetricsLog

STATE = "state.safetensors"


@dataclass(frozen=True)
class LoopSettings:
    """How long and how fast to learn."""

    steps: int = setting(10_000, "updates of the weights; the schedule ends with them", at_least=1)
    accumulate: int = setting(1, "batches whose gradients make one update", at_least=1)
    learning_rate: float = setting(1e-3, "highest learning rate", at_least=0)
    muon: float = setting(
        0.0, "rate of Muon for the matrices between states, in learning rates; with 0 AdamW learns them too", at_least=0
    )
    final_rate: float = setting(0.01, "share of the learning rate at the end of its cosine", at_least=0, at_most=1)
    warmup_steps: int = setting(100, "updates over which the learning rate rises from zero", at_least=0)
    beta1: float = setting(0.9, "AdamW: decay of the mean of gradients", at_least=0)
    beta2: float = setting(0.99, "AdamW: decay of the mean of their squares", at_least=0)
    weight_decay: float = setting(0.0, "AdamW: decay of weights", at_least=0)
    clip_norm: float = setting(1.0, "largest norm of the gradient; a longer one is shortened", at_least=0)
    ema_decay: float = setting(0.999, "decay of the average of weights, which is what is exported", at_least=0)
    save_every: int = setting(500, "updates from checkpoint to checkpoint", at_least=1)
    sample_every: int = setting(1000, "updates from evaluation to evaluation", at_least=1)
    log_every: int = setting(50, "updates that make one row of losses", at_least=1)
    seed: int = setting(0, "seed of weights, batches and noise", at_least=0)

    def rate(self, step: int) -> float:
        """Learning rate of an update: a linear rise, then a cosine down to its final share."""
        if step < self.warmup_steps:
            return self.learning_rate * (step + 1) / self.warmup_steps
        done = (step - self.warmup_steps) / max(1, self.steps - self.warmup_steps)
        share = self.final_rate + (1 - self.final_rate) * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))
        return self.learning_rate * share


Tensors = Mapping[str, torch.Tensor]


class Task(Protocol):
    """What is trained, and on what."""

    @property
    def parameters(self) -> Tensors:
        """The leaves to train by name, in float32 on the device of the training."""

    @property
    def units_per_batch(self) -> float:
        """How much a batch holds, such as seconds of audio."""

    def loss(self, batch: int) -> tuple[torch.Tensor, Mapping[str, torch.Tensor]]:
        """Loss of the batch of a number, and its parts by name for the log. Nothing else may influence it."""

    def sample(self, averaged: Tensors, folder: Path) -> Mapping[str, float]:
        """Measures the averaged weights on data held out, and may write examples into a folder of their own."""


@dataclass(frozen=True)
class Outcome:
    """Where a run ended, the averaged weights there and how they did; it is finished unless it was interrupted."""

    progress: Progress
    averaged: Tensors
    measured: Mapping[str, float]
    finished: bool

    @property
    def sentence(self) -> str:
        """The same in words."""
        state = "finished" if self.finished else "interrupted; run it again to go on"
        return f"step {self.progress.step}, {self.progress.skipped} skipped: {state}"


def run(task: Task, settings: LoopSettings, folder: Path) -> Outcome:
    """Trains until the last step, or until SIGTERM or SIGINT; then the step ends, and the state is saved and measured.

    The folder gets `state.safetensors`, from which a later run goes on, `losses.csv`, `samples.csv` and their plots.
    Raises TrainingStateError where the folder holds the state of another network.
    """
    folder.mkdir(parents=True, exist_ok=True)
    betas = (settings.beta1, settings.beta2)
    state = TrainingState.fresh(task.parameters, betas, with_muon=settings.muon > 0)
    progress = restore(folder / STATE, state) if (folder / STATE).exists() else Progress()
    losses = MetricsLog(folder / "losses.csv", progress.step)
    samples = MetricsLog(folder / "samples.csv", progress.step)

    def save_and_draw() -> None:
        save(folder / STATE, state, progress)
        losses.draw()

    def measure() -> Mapping[str, float]:
        found = task.sample(state.averaged, folder / "samples" / f"{progress.step:06d}")
        samples.write(progress.step, found)
        samples.draw()
        return found

    with interruption() as interrupted:
        while progress.step < settings.steps and not interrupted.is_set():
            progress = _update(task, settings, state, progress, losses)
            last = progress.step == settings.steps
            if progress.step % settings.save_every == 0 and not last:
                save_and_draw()
            if progress.step % settings.sample_every == 0 and not last:
                measure()
        save_and_draw()
    return Outcome(progress, state.averaged, measure(), progress.step >= settings.steps)


def _update(task: Task, settings: LoopSettings, state: TrainingState, progress: Progress, log: MetricsLog) -> Progress:
    """One step. Gradients that are not finite change nothing but the count of skipped steps."""
    started = time.perf_counter()
    rate = settings.rate(progress.step)
    for part in range(settings.accumulate):
        loss, parts = task.loss(progress.step * settings.accumulate + part)
        (loss / settings.accumulate).backward()  # type: ignore[no-untyped-call]
        log.add({"loss": float(loss.detach()), **{name: float(value.detach()) for name, value in parts.items()}})
    leaves = list(task.parameters.values())
    norm = float(torch.nn.utils.clip_grad_norm_(leaves, settings.clip_norm))
    finite = math.isfinite(norm)
    if finite:
        state.update(rate, settings.muon * rate, settings.weight_decay, settings.ema_decay, progress.updates)
    for leaf in leaves:
        leaf.grad = None
    progress = progress.after(skipped=not finite)
    units = settings.accumulate * task.units_per_batch
    log.add({"gradient_norm": norm, "units_per_second": units / (time.perf_counter() - started)})
    if progress.step % settings.log_every == 0:
        log.write(progress.step, {"learning_rate": rate, "skipped": progress.skipped})
    return progress
