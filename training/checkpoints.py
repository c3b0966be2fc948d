"""The state of a training on disk: one safetensors file that is replaced as a whole."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from training.muon import Muon
from training.whole_files import whole

_PROGRESS = "progress"
_WEIGHTS, _AVERAGED, _MEAN, _SQUARE = "weights", "averaged", "mean", "square"
# The average follows fast at first, so that it forgets the weights that were drawn.
_AVERAGE_START = 10


class TrainingStateError(ValueError):
    """A file that a training cannot go on from; names the file, the reason and the fix."""


@dataclass(frozen=True)
class Progress:
    """Steps that are done, and how many of them were skipped for gradients that were not finite."""

    step: int = 0
    skipped: int = 0

    @property
    def updates(self) -> int:
        """Steps that changed the weights."""
        return self.step - self.skipped

    def after(self, *, skipped: bool) -> Progress:
        """One step on."""
        return replace(self, step=self.step + 1, skipped=self.skipped + skipped)


@dataclass(frozen=True)
class TrainingState:
    """Weights, their average, and what optimizes them: Muon some of the matrices, AdamW all else; tensors change in
    place."""

    weights: Mapping[str, torch.Tensor]
    averaged: Mapping[str, torch.Tensor]
    muon: Muon
    optimizer: torch.optim.AdamW

    @classmethod
    def fresh(
        cls, weights: Mapping[str, torch.Tensor], betas: tuple[float, float], *, with_muon: bool = False
    ) -> TrainingState:
        """The state before the first step. The learning rates come with each update."""
        muon = Muon.of_matrices_within(weights if with_muon else {})
        others = [weight for name, weight in weights.items() if name not in muon.weights]
        optimizer = torch.optim.AdamW(others, betas=betas, fused=True)
        for weight in others:
            optimizer.state[weight] = {
                "step": torch.zeros((), device=weight.device),
                "exp_avg": torch.zeros_like(weight, requires_grad=False),
                "exp_avg_sq": torch.zeros_like(weight, requires_grad=False),
            }
        return cls(weights, {name: weight.detach().clone() for name, weight in weights.items()}, muon, optimizer)

    def update(self, rate: float, muon_rate: float, weight_decay: float, ema_decay: float, updates_before: int) -> None:
        """One step along the gradients, then one of the average.

        What a batch did not use has gradients of zero: all weights count their steps alike, as a restored state does.
        """
        for weight in self.weights.values():
            if weight.grad is None:
                weight.grad = torch.zeros_like(weight)
        self.muon.step(muon_rate, weight_decay)
        for group in self.optimizer.param_groups:
            group["lr"], group["weight_decay"] = rate, weight_decay
        self.optimizer.step()
        share = 1 - min(ema_decay, (1 + updates_before) / (_AVERAGE_START + updates_before))
        current = [weight.detach() for weight in self.weights.values()]
        torch._foreach_lerp_(list(self.averaged.values()), current, share)

    def tensors(self) -> dict[str, torch.Tensor]:
        """Everything by the name that it has in a file; shares memory with the state."""
        found = {}
        for name, weight in self.weights.items():
            found[f"{_WEIGHTS}.{name}"] = weight.detach()
            found[f"{_AVERAGED}.{name}"] = self.averaged[name]
            if name in self.muon.means:
                found[f"{_MEAN}.{name}"] = self.muon.means[name]
            else:
                moments = self.optimizer.state[weight]
                found[f"{_MEAN}.{name}"], found[f"{_SQUARE}.{name}"] = moments["exp_avg"], moments["exp_avg_sq"]
        return found


def save(path: Path, state: TrainingState, progress: Progress) -> None:
    """Writes the state; the file appears under its name once it is whole and on the disk."""
    tensors = {name: tensor.cpu().contiguous() for name, tensor in state.tensors().items()}
    with whole(path) as partial:
        save_file(tensors, partial, metadata={_PROGRESS: json.dumps(asdict(progress))})
        with partial.open("rb") as stream:
            os.fsync(stream.fileno())


def restore(path: Path, state: TrainingState) -> Progress:
    """Fills a fresh state from a file. Raises TrainingStateError where the file is of another network or not whole."""
    try:
        with safe_open(path, framework="pt", device="cpu") as stored:
            progress = Progress(**json.loads((stored.metadata() or {})[_PROGRESS]))
            tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118 (it is no dict)
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise TrainingStateError(f"{path}: holds no state of a training: {error}; choose another folder") from None
    wanted = state.tensors()
    if unlike := sorted(
        name
        for name in {*wanted, *tensors}
        if name not in tensors or name not in wanted or tensors[name].shape != wanted[name].shape
    ):
        raise TrainingStateError(f"{path}: is of another network, see {unlike[0]}; choose another folder")
    for name, tensor in wanted.items():
        tensor.copy_(tensors[name])
    for moments in state.optimizer.state.values():
        moments["step"].fill_(progress.updates)
    return progress
