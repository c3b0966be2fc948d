"""Noise levels of the sampling steps (spec/model.md §5.1, §5.2)."""

from __future__ import annotations

from collections.abc import Sequence

import torch

# Noise levels that turbo models were distilled at: the 8-step schedules of shifts 1, 2 and 3, and some more.
TURBO_TRAINED = (
    1.0, 0.9545454545, 0.9333333333, 0.9, 0.875, 0.8571428571, 0.8333333333, 0.7692307692, 0.75, 0.6666666667,
    0.6428571429, 0.625, 0.5454545455, 0.5, 0.4, 0.375, 0.3, 0.25, 0.2222222222, 0.125,
)  # fmt: skip
TURBO_SHIFTS = (1.0, 2.0, 3.0)
TURBO_MOST_STEPS = 20


def shifted(steps: int, shift: float) -> tuple[float, ...]:
    """`steps` noise levels from 1 downwards, without the final 0: s t / (1 + (s - 1) t) of an even grid, as float32."""
    even = torch.linspace(1, 0, steps + 1, dtype=torch.float64)
    levels = shift * even / (1 + (shift - 1) * even)
    return tuple(levels[:-1].float().tolist())


def snapped(levels: Sequence[float]) -> tuple[float, ...]:
    """The trained level that is nearest to each of the first 20, the higher one of two. Several may become one."""
    return tuple(min(TURBO_TRAINED, key=lambda trained: abs(level - trained)) for level in levels[:TURBO_MOST_STEPS])


def snapping_warnings(levels: Sequence[float]) -> list[str]:
    """What `snapped` leaves out."""
    left_out = len(levels) - TURBO_MOST_STEPS
    return [f"the last {left_out} timesteps are ignored: snap takes {TURBO_MOST_STEPS}"] if left_out > 0 else []


def turbo_warnings(levels: Sequence[float], shift: float | None) -> list[str]:
    """What a turbo model was not distilled for. `shift` is None for custom levels."""
    warnings = []
    if len(levels) > TURBO_MOST_STEPS:
        warnings.append(f"{len(levels)} steps: turbo models were distilled for at most {TURBO_MOST_STEPS}")
    if shift is not None and shift not in TURBO_SHIFTS:
        warnings.append(f"shift {shift:g}: turbo models were distilled at shifts 1, 2 and 3")
    if shift is None:
        untrained = [level for level in levels if min(abs(level - trained) for trained in TURBO_TRAINED) > 1e-4]
        if untrained:
            listed = ", ".join(f"{level:g}" for level in untrained)
            warnings.append(f"timesteps {listed}: not among the levels that turbo models were distilled at")
    return warnings
