"""The official application's sampler, written out along diffusers' networks (spec/model.md §4.7, §4.8, §5.1 to §5.4).

What diffusers' pipeline does otherwise or not at all: conditions switch on the way instead of being blended, kept
frames are injected after steps and blended at the end, and sampling may begin from noisy latents.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from diffusers.guiders.adaptive_projected_guidance import MomentumBuffer, normalized_guidance


@dataclass(frozen=True)
class View:
    """What the network sees beside latents and noise level: a condition [1, tokens, width] and a context
    [1, frames, 2 channels]."""

    condition: torch.Tensor
    context: torch.Tensor


@dataclass(frozen=True)
class Held:
    """Latents [frames, channels] that hold where `free` [frames] is false, for a share of the steps, and with a
    crossfade of so many frames when all are done."""

    latents: torch.Tensor
    free: torch.Tensor
    injection: float
    crossfade_frames: int


def levels(steps: int, shift: float) -> list[float]:
    """Noise levels of the steps, without the final 0."""
    even = [1 - step / steps for step in range(steps)]
    return [shift * t / (1 + (shift - 1) * t) for t in even]


def context(source: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
    """Source latents [frames, channels] beside the mask [frames], which is 1 everywhere where it is None."""
    free = torch.ones(len(source)) if mask is None else mask.float()
    return torch.cat((source, free[:, None].expand_as(source)), dim=-1)[None]


@torch.no_grad()
def sample(
    pipeline: Any,
    noise: torch.Tensor,
    timesteps: Sequence[float],
    views: Sequence[View],
    *,
    start: torch.Tensor | None = None,
    scale: float = 1.0,
    held: Held | None = None,
) -> torch.Tensor:
    """Latents [frames, channels] after Euler steps, one view for each, from noise or from latents with it on them.

    Guidance is APG, whose momentum outlives a switch of views.
    """
    momentum = MomentumBuffer(momentum=-0.75)
    x = noise[None] if start is None else timesteps[0] * noise[None] + (1 - timesteps[0]) * start[None]
    for step, (t, after) in enumerate(pairwise((*timesteps, 0.0))):
        velocity = _velocity(pipeline, x, t, views[step].context, views[step].condition)
        if scale > 1:
            null = pipeline.condition_encoder.null_condition_emb.expand_as(views[step].condition)
            velocity = normalized_guidance(
                pred_cond=velocity,
                pred_uncond=_velocity(pipeline, x, t, views[step].context, null),
                guidance_scale=scale - 1,
                momentum_buffer=momentum,
                eta=0.0,
                norm_threshold=2.5,
                use_original_formulation=True,
                norm_dim=(1,),
            )
        x = x - (t - after) * velocity
        if held is not None and step < round(held.injection * len(timesteps)):
            x = torch.where(held.free[:, None], x, after * noise + (1 - after) * held.latents)
    return x[0] if held is None else _blended(x[0], held)


def _velocity(pipeline: Any, x: torch.Tensor, t: float, context: torch.Tensor, condition: torch.Tensor) -> torch.Tensor:
    level = torch.tensor([t])
    velocity: torch.Tensor = pipeline.transformer(
        hidden_states=x,
        timestep=level,
        timestep_r=level,
        encoder_hidden_states=condition,
        context_latents=context,
        return_dict=False,
    )[0]
    return velocity


def _blended(x: torch.Tensor, held: Held) -> torch.Tensor:
    """Linear ramps outside of what is free, beyond them what is held; without a crossfade all stays as sampled."""
    if not held.crossfade_frames:
        return x
    distance = (torch.arange(len(x))[:, None] - held.free.nonzero().T).abs().amin(1)
    weight = (1 - distance / (held.crossfade_frames + 1)).clamp(min=0)[:, None]
    return weight * x + (1 - weight) * held.latents
