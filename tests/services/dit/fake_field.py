"""A velocity field in closed form in the network's place: it depends on latents, context, condition and level."""

from __future__ import annotations

from collections.abc import Callable

import torch

from services.dit.conditions import View
from services.dit.model import Branch, ConditionCache
from services.dit.stepper import Course
from tests.services.dit.tiny import normal

FRAMES, CHANNELS = 6, 4
# The velocity of latents [frames, channels] in a context, under a condition, at a level.
Field = Callable[[torch.Tensor, torch.Tensor, ConditionCache, float], torch.Tensor]


def condition(seed: int) -> ConditionCache:
    """Keys and values that stand for a condition."""
    keys = normal(seed, FRAMES, CHANNELS)
    return ((keys, keys),)


def view(seed: int) -> View:
    """A condition in a context of its own."""
    return View(normal(seed + 1000, FRAMES, 2 * CHANNELS), condition(seed))


def velocity(latents: torch.Tensor, context: torch.Tensor, words: ConditionCache, t: float) -> torch.Tensor:
    """Bends with the state, so that every state and every level shows in the end."""
    return torch.tanh(latents + words[0][0]) + t * context[:, :CHANNELS]


def follow(course: Course, field: Field = velocity) -> tuple[torch.Tensor, list[list[Branch]], list[torch.Tensor]]:
    """The result of a course, what each pass asked, and the clean estimates of its steps."""
    passes, estimates = [], []
    while branches := course.branches():
        passes.append(branches)
        clean = course.advance([field(one.latents, one.context, one.condition, one.t) for one in branches])
        if clean is not None:
            estimates.append(clean)
    return course.latents(), passes, estimates
