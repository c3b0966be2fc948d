"""Muon (Jordan et al. 2024): a matrix moves along the orthogonal matrix that is nearest to the mean of its gradients.

All directions of a matrix then learn alike, not only those whose gradients are largest. The orthogonal matrix comes
from products alone, by the iteration of Newton and Schulz; matrices of one shape share them. Entries of a step are as
large as AdamW's usually are (Liu et al. 2025), so that both take one learning rate.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import torch

from services.runtime.numerics import fastest_dtype

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
_ITERATIONS = 5
_MOMENTUM = 0.95
_SIZE = 0.2
# Narrower matrices, and those between states and something else, are no maps from states to states.
_NARROWEST = 64
_ENDS = ("embed_tokens.weight", "lm_head.weight", "answers.weight", "places.weight")


@dataclass(frozen=True)
class Muon:
    """Weights by name, and the means of their gradients; both change in place."""

    weights: Mapping[str, torch.Tensor]
    means: Mapping[str, torch.Tensor]

    @classmethod
    def of_matrices_within(cls, weights: Mapping[str, torch.Tensor]) -> Muon:
        """For those weights that map states to states."""
        inner = {name: weight for name, weight in weights.items() if _is_inner(name, weight)}
        return cls(inner, {name: torch.zeros_like(weight, requires_grad=False) for name, weight in inner.items()})

    @torch.no_grad()
    def step(self, rate: float, weight_decay: float) -> None:
        """One step along the gradients."""
        by_shape: dict[tuple[int, ...], list[str]] = defaultdict(list)
        for name, mean in self.means.items():
            mean.lerp_(_gradient(self.weights[name]), 1 - _MOMENTUM)
            by_shape[tuple(mean.shape)].append(name)
        for shape, names in by_shape.items():
            # Nesterov's: where the mean will be if the next gradient is like this one.
            ahead = [_gradient(self.weights[name]).lerp(self.means[name], _MOMENTUM) for name in names]
            for name, direction in zip(names, orthogonal(torch.stack(ahead)), strict=True):
                weight = self.weights[name]
                weight.mul_(1 - rate * weight_decay)
                weight.add_(direction, alpha=-rate * _SIZE * max(shape) ** 0.5)


def orthogonal(matrices: torch.Tensor) -> torch.Tensor:
    """Matrices [count, rows, columns] with singular values of about one; zeros stay zeros.

    The products need no more than bfloat16, whatever the training computes in, but some machines are slow at it.
    """
    linear, cubic, quintic = _COEFFICIENTS
    tall = matrices.shape[1] > matrices.shape[2]
    x = (matrices.mT if tall else matrices).to(_fastest_dtype(matrices.device))
    x = x / (torch.linalg.matrix_norm(x, keepdim=True) + 1e-7)
    for _ in range(_ITERATIONS):
        squares = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(squares, squares, squares, beta=cubic, alpha=quintic), x, beta=linear)
    return (x.mT if tall else x).to(matrices.dtype)


_fastest_dtype = cache(fastest_dtype)


def _is_inner(name: str, weight: torch.Tensor) -> bool:
    return weight.requires_grad and weight.ndim == 2 and min(weight.shape) >= _NARROWEST and not name.endswith(_ENDS)


def _gradient(weight: torch.Tensor) -> torch.Tensor:
    return torch.zeros_like(weight) if weight.grad is None else weight.grad
