"""Ways to combine the velocities of the condition and of the null condition (spec/model.md §5.4, §5.5)."""

from __future__ import annotations

from enum import Enum
from typing import Protocol

import torch
from torch.nn import functional

APG_MOMENTUM = -0.75
APG_NORM_CAP = 2.5
ADG_LARGEST_ANGLE = 3.14 / 6
_FRAMES = 1
_LEVEL_ROUNDING = 1e-6


class GuidanceMode(Enum):
    """The ways."""

    APG = "apg"
    ADG = "adg"
    CFG = "cfg"


class Guide(Protocol):
    """Guides one item; may carry state from step to step."""

    def combine(
        self, conditional: torch.Tensor, null: torch.Tensor, latents: torch.Tensor, t: float, scale: float
    ) -> torch.Tensor:
        """The guided velocity. All tensors are [draws, frames, channels]: what one step of one item asked for."""


class ProjectedGuidance:
    """APG: momentum over steps, a cap on the norm over time, and only the part orthogonal to the velocity.

    Draws of one step all start from the momentum before it, which then advances once with their mean.
    """

    def __init__(self) -> None:
        self._momentum: torch.Tensor | None = None

    def combine(
        self,
        conditional: torch.Tensor,
        null: torch.Tensor,
        latents: torch.Tensor,
        t: float,
        scale: float,
    ) -> torch.Tensor:
        """c + (scale - 1) times the orthogonal part of the capped difference; norms and projection run over frames."""
        difference = conditional - null
        if self._momentum is not None:
            difference = difference + APG_MOMENTUM * self._momentum
        self._momentum = difference.mean(0, keepdim=True)
        norm = torch.linalg.vector_norm(difference, dim=_FRAMES, keepdim=True)
        capped = difference * torch.clamp(APG_NORM_CAP / norm, max=1)
        direction = functional.normalize(conditional.double(), dim=_FRAMES)
        parallel = (capped.double() * direction).sum(_FRAMES, keepdim=True) * direction
        orthogonal = (capped.double() - parallel).to(conditional.dtype)
        return conditional + (scale - 1) * orthogonal


class AngleGuidance:
    """ADG: turns the clean estimate of each frame away from the null one, by a bounded angle."""

    def combine(
        self, conditional: torch.Tensor, null: torch.Tensor, latents: torch.Tensor, t: float, scale: float
    ) -> torch.Tensor:
        """The velocity towards the turned clean estimate."""
        clean, clean_null = latents - t * conditional, latents - t * null
        weight = max(scale - 1, 0) + 1e-3
        cosine = functional.cosine_similarity(clean.double(), clean_null.double(), dim=-1).unsqueeze(-1)
        # The clamp also keeps the sine of the angle, which is divided by, above 1e-3.
        angle = torch.acos(cosine.clamp(-1 + 1e-6, 1 - 1e-6))
        turned = (weight * angle).clamp(-ADG_LARGEST_ANGLE, ADG_LARGEST_ANGLE)
        difference = clean - clean_null
        along = (difference * clean_null).sum(-1, keepdim=True) / (clean_null.square().sum(-1, keepdim=True) + 1e-8)
        across = difference - along * clean_null
        guided = torch.cos(turned) * clean + across * torch.sin(turned) / torch.sin(angle)
        return ((latents - guided) / t).to(latents.dtype)


class ClassifierFreeGuidance:
    """Plain extrapolation from the null velocity through the conditional one."""

    def combine(
        self,
        conditional: torch.Tensor,
        null: torch.Tensor,
        latents: torch.Tensor,
        t: float,
        scale: float,
    ) -> torch.Tensor:
        """u + scale (c - u)."""
        return null + scale * (conditional - null)


def guide(mode: GuidanceMode) -> Guide:
    """A fresh guide for one item."""
    guides: dict[GuidanceMode, type[ProjectedGuidance | AngleGuidance | ClassifierFreeGuidance]] = {
        GuidanceMode.APG: ProjectedGuidance,
        GuidanceMode.ADG: AngleGuidance,
        GuidanceMode.CFG: ClassifierFreeGuidance,
    }
    return guides[mode]()


def corrector(mode: GuidanceMode, t: float) -> Guide:
    """A guide for the second velocity of a Heun step at t, its end: it carries no momentum, and at 0 there is no angle
    to turn by (spec/model.md §5.3)."""
    return AngleGuidance() if mode is GuidanceMode.ADG and t > 0 else ClassifierFreeGuidance()


def acts_at(t: float, start: float, end: float) -> bool:
    """Whether guidance acts at a noise level: the interval is of t itself, 1 being the beginning of sampling.

    Levels are rounded to float32, so that bounds which are equal but for that rounding hold them too.
    """
    return start - _LEVEL_ROUNDING <= t <= end + _LEVEL_ROUNDING
