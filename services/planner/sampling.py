"""Drawing a token: temperature, top-k, top-p, then one uniform number (spec/planner.md §4.3).

Probabilities become whole numbers before they are summed. Sums of whole numbers do not depend on their order, so a draw
depends on the logits and the uniform number alone, not on the device, the batch or the way that a kernel adds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from quartet.errors import InternalError

_UNIT = 2.0**32  # weight of the likeliest token; 2**32 * vocabulary stays far below 2**53
_HALF_BITS = 15


@dataclass(frozen=True)
class TokenSampling:
    """How the tokens of one item are drawn. `temperature` 0 takes the likeliest; `top_k` 0 and `top_p` 1 keep all."""

    temperature: float = 0.85
    top_k: int = 0
    top_p: float = 0.9
    repetition_penalty: float = 1.0
    seed: int = 0

    def compat(self) -> TokenSampling:
        """As the reference application's default backend, which ignores top-p and penalty (spec/planner.md §4.3)."""
        return TokenSampling(self.temperature, self.top_k, 1.0, 1.0, self.seed)


@dataclass(frozen=True)
class Draws:
    """Settings of a batch of draws, one element per row, on the device of the logits; `uniform` in float64."""

    temperature: torch.Tensor
    top_k: torch.Tensor
    top_p: torch.Tensor
    uniform: torch.Tensor
    any_top_k: bool
    any_top_p: bool

    @classmethod
    def of(cls, samplings: Sequence[TokenSampling], uniform: Sequence[float], device: torch.device) -> Draws:
        """One row for each sampling."""

        def column(values: Sequence[float], dtype: torch.dtype) -> torch.Tensor:
            return torch.tensor(values, dtype=dtype, device=device)

        return cls(
            temperature=column([sampling.temperature for sampling in samplings], torch.float32),
            top_k=column([sampling.top_k for sampling in samplings], torch.int64),
            top_p=column([sampling.top_p for sampling in samplings], torch.float64),
            uniform=column(uniform, torch.float64),
            any_top_k=any(sampling.top_k for sampling in samplings),
            any_top_p=any(sampling.top_p < 1 for sampling in samplings),
        )


def guide(conditional: torch.Tensor, unconditional: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    """Logits [rows, tokens] led away from the unconditional ones; scale [rows] (spec/planner.md §4.2)."""
    return unconditional + scale[:, None] * (conditional - unconditional)


def penalise(logits: torch.Tensor, written: torch.Tensor, penalty: float) -> torch.Tensor:
    """Logits [tokens] with the written ids made less likely: positive ones divided, negative ones multiplied."""
    found = logits[written]
    return logits.scatter(0, written, torch.where(found > 0, found / penalty, found * penalty))


def draw(logits: torch.Tensor, draws: Draws) -> torch.Tensor:
    """Token indices [rows] of float32 logits [rows, tokens]; what is masked is minus infinity.

    Temperature acts before top-k and top-p, top-p on what top-k has left.
    """
    greedy = draws.temperature <= 0
    warm = torch.where(greedy, 1.0, draws.temperature)
    highest = logits.amax(dim=-1, keepdim=True)
    probabilities = ((logits - highest) / warm[:, None]).exp()
    weights = (probabilities * _UNIT).to(torch.int64)
    if draws.any_top_k:
        count = torch.where(draws.top_k > 0, draws.top_k, logits.shape[-1])
        weights = weights * _largest(probabilities, torch.ones_like(weights), count)
    if draws.any_top_p:
        wanted = (draws.top_p * weights.sum(dim=-1)).ceil().to(torch.int64)
        weights = weights * _largest(probabilities, weights, wanted)
    sums = weights.cumsum(dim=-1)
    point = (draws.uniform * sums[:, -1]).to(torch.int64)
    drawn = torch.searchsorted(sums, point[:, None], right=True)[:, 0]
    return torch.where(greedy, logits.argmax(dim=-1), drawn)


def finite(values: torch.Tensor) -> torch.Tensor:
    """Which rows [rows] of hidden states or unmasked logits [rows, columns] hold neither NaN nor infinity."""
    return torch.isfinite(values.amax(dim=-1)) & torch.isfinite(values.amin(dim=-1))


def non_finite() -> InternalError:
    """What an item ends with whose rows are not finite."""
    return InternalError("the planner produced NaN or infinite logits", reason="NON_FINITE_LOGITS")


def _largest(values: torch.Tensor, weights: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """The fewest largest values [rows, tokens] whose weights reach `wanted` [rows], as a mask; equal ones by index.

    The bits of floats from 0 to 1 sort like the floats, so two histograms, of the upper and of the lower half of the
    bits, find the smallest value that is kept, without sorting.
    """
    bits = values.contiguous().view(torch.int32).to(torch.int64)
    upper = bits >> _HALF_BITS
    upper_kept, missing = _crossing(upper, weights, wanted)
    inside = upper == upper_kept[:, None]
    lower_kept, missing = _crossing(bits & (2**_HALF_BITS - 1), torch.where(inside, weights, 0), missing)
    smallest = (upper_kept << _HALF_BITS) | lower_kept
    ties = bits == smallest[:, None]
    tied = torch.where(ties, weights, 0)
    before = tied.cumsum(dim=-1) - tied
    return (bits > smallest[:, None]) | (ties & (before < missing[:, None]))


def _crossing(bins: torch.Tensor, weights: torch.Tensor, wanted: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """From the top, the bin [rows] in which the sum of weights reaches `wanted`, and what it has to add to reach it."""
    size = 2**_HALF_BITS
    histogram = weights.new_zeros(len(weights), size).scatter_add_(1, bins, weights)
    from_top = histogram.flip(1).cumsum(dim=1)
    reached = torch.searchsorted(from_top, wanted.clamp(max=from_top[:, -1])[:, None])[:, 0]
    before = torch.where(reached > 0, from_top.gather(1, (reached - 1).clamp(min=0)[:, None])[:, 0], 0)
    return size - 1 - reached, wanted - before
