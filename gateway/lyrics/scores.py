"""How well music follows its lyrics, from the attention to their tokens (spec/planner.md §6.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gateway.lyrics.warping import Matrix, best_path

_NOTICED = 0.1
_COUNTED = 0.01
# How far back a token may lie behind the one before it: 0.72 s.
_SLACK_MOMENTS = 9


@dataclass(frozen=True)
class Scores:
    """Each 0 to 1. `coverage` and `monotonicity` are of sung tokens, `confidence` of all."""

    coverage: float
    monotonicity: float
    confidence: float

    @property
    def overall(self) -> float:
        """The official application's dit_score."""
        return min(max(self.coverage**2 * self.monotonicity**2 * self.confidence, 0.0), 1.0)


def scores_of(attention: Matrix, tagged: Sequence[bool]) -> Scores:
    """Scores of attention [tokens, moments] to the tokens of the lyrics, some of which belong to structure tags."""
    scaled = _from_0_to_1(attention)
    sung = scaled[~np.asarray(tagged, bool)]
    rows, columns = best_path(np.square(scaled))
    return Scores(
        coverage=float((sung.max(axis=1) > _NOTICED).mean()) if len(sung) else 1.0,
        monotonicity=_monotonicity(sung),
        confidence=float(scaled[rows, columns].mean(dtype=np.float64)),
    )


def _from_0_to_1(attention: Matrix) -> Matrix:
    low, high = attention.min(), attention.max()
    return (attention - low) / (high - low) if high > low else np.zeros_like(attention)


def _monotonicity(sung: Matrix) -> float:
    """Share of tokens whose centre of attention does not lie before that of the one before them."""
    weights = np.where(sung > _COUNTED, sung, 0).astype(np.float64)
    totals = weights.sum(axis=1)
    centres = (weights @ np.arange(sung.shape[1]))[totals > 0] / totals[totals > 0]
    if len(centres) < 2:
        return 1.0
    return float((np.diff(centres) >= -_SLACK_MOMENTS).mean())
