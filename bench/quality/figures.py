"""Figures: a mean or a share with its 95 % interval, beside a goal, the best and what chance gives."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

_Z = 1.96


@dataclass(frozen=True)
class Goal:
    """What a figure should reach, as a bound from below or from above.

    `within_noise` is satisfied where the bound from below lies no further than the upper end of the interval.
    """

    at_least: float = -math.inf
    at_most: float = math.inf
    within_noise: bool = False


@dataclass(frozen=True)
class Figure:
    """One number about many songs or clips.

    `low` and `high` bound its 95 % interval. `best` is what the generator's own clips have, or whatever else bounds the
    figure from above, and `chance` what unrelated pairs of request and result have.
    """

    name: str
    unit: str
    value: float
    low: float
    high: float
    count: int
    goal: Goal | None = None
    best: float | None = None
    chance: float | None = None

    @property
    def reached(self) -> bool | None:
        """Whether the goal is reached; None without one."""
        if self.goal is None:
            return None
        return self.goal.at_least <= (self.high if self.goal.within_noise else self.value) <= self.goal.at_most

    def beside(self, best: Figure) -> Figure:
        """With what another figure reaches as the best."""
        return dataclasses.replace(self, best=best.value)


def share(
    name: str, hits: Sequence[bool], goal: Goal | None = None, *, best: float | None = None, chance: float | None = None
) -> Figure:
    """Per cent of hits, with Wilson's interval. Raises ValueError where there are none to count."""
    if not hits:
        raise ValueError(f"{name}: nothing was measured")
    n, p = len(hits), sum(hits) / len(hits)
    middle = (p + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * math.sqrt(p * (1 - p) / n + _Z**2 / (4 * n**2))
    low, high = max(middle - half, 0.0), min(middle + half, 1.0)
    return Figure(name, "%", 100 * p, 100 * low, 100 * high, n, goal, best, chance)


def mean(
    name: str,
    unit: str,
    values: Sequence[float],
    goal: Goal | None = None,
    *,
    best: float | None = None,
    chance: float | None = None,
) -> Figure:
    """The mean of finite values, with the interval of the normal. Raises ValueError where there are none."""
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        raise ValueError(f"{name}: nothing was measured")
    middle = float(np.mean(finite))
    half = _Z * float(np.std(finite, ddof=1)) / math.sqrt(len(finite)) if len(finite) > 1 else math.inf
    return Figure(name, unit, middle, middle - half, middle + half, len(finite), goal, best, chance)


def not_worse(name: str, after: Sequence[bool], before: Sequence[bool]) -> Figure:
    """The change of a share over the same requests, in percentage points; no worse where that may be chance."""
    changes = [100.0 * (int(new) - int(old)) for new, old in zip(after, before, strict=True)]
    return mean(name, "points", changes, Goal(at_least=0.0, within_noise=True))


def chance_of(pairs: Sequence[Sequence[bool]]) -> float | None:
    """Per cent of hits among all pairs [results, requests] that do not belong together; None for a single pair."""
    hits = np.asarray(pairs, dtype=float)
    if len(hits) < 2:
        return None
    return float(100 * (hits.sum() - np.trace(hits)) / (hits.size - len(hits)))


def mean_of_known(values: Iterable[float | None]) -> float | None:
    """The mean of the values that are there; None where none are."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
