"""The diffusion transformer: from noisy latents, context and condition to the velocity (spec/model.md §2.7)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from services.dit.block import DitBlock
from services.dit.config import DitConfig
from services.dit.time_embedding import TimeEmbedding
from services.layers.attention import KeysValues, band_mask
from services.layers.norm import RMSNorm
from services.layers.rotary import Rotation, rotation

# Keys and values of the condition for each layer: they are the same at every step.
ConditionCache = tuple[KeysValues, ...]


@dataclass(frozen=True)
class Geometry:
    """What depends on the length alone: rotations, and the mask [tokens, tokens] of the sliding layers."""

    rotation: Rotation
    band: torch.Tensor | None


class DiffusionTransformer(nn.Module):
    """Predicts the velocity v = noise - clean of noisy latents."""

    def __init__(self, config: DitConfig) -> None:
        super().__init__()
        self.config = config
        width, patch = config.hidden_size, config.patch_size
        # The original keys are proj_in.1 and proj_out.1: position 0 holds a module without weights.
        self.proj_in = nn.Sequential(nn.Identity(), nn.Conv1d(config.in_channels, width, patch, stride=patch))
        self.time_embed = TimeEmbedding(width)
        self.time_embed_r = TimeEmbedding(width)
        self.condition_embedder = nn.Linear(config.encoder_hidden_size, width)
        self.layers = nn.ModuleList(DitBlock(config) for _ in range(config.num_hidden_layers))
        self.norm_out = RMSNorm(width)
        self.scale_shift_table = nn.Parameter(torch.zeros(1, 2, width))
        out = config.audio_acoustic_hidden_dim
        self.proj_out = nn.Sequential(nn.Identity(), nn.ConvTranspose1d(width, out, patch, stride=patch))

    def cache_condition(self, condition: torch.Tensor) -> ConditionCache:
        """Keys and values of a condition [batch, condition tokens, condition width] for all layers."""
        embedded = self.condition_embedder(condition)
        return tuple(layer.cross_attn.keys_values(embedded) for layer in self._blocks())

    def geometry(self, frames: int) -> Geometry:
        """The geometry of latents of a length."""
        config, weight = self.config, self.norm_out.weight
        tokens = -(-frames // config.patch_size)
        return Geometry(
            rotation(tokens, config.head_dim, config.rope_theta, device=weight.device, dtype=weight.dtype),
            band_mask(tokens, config.sliding_window, weight.device),
        )

    def forward(
        self,
        latents: torch.Tensor,
        context: torch.Tensor,
        condition: ConditionCache,
        t: torch.Tensor,
        geometry: Geometry,
        r: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Velocity [batch, frames, channels] of latents [batch, frames, channels] at noise levels t [batch].

        `context` [batch, frames, 2 channels] is source latents, then mask. `r` is the other end of the interval that a
        mean-flow model spans; at inference it is t, whose difference 0 still has an embedding.
        """
        frames = latents.shape[1]
        embedding, modulations = self.time_embed(t)
        embedding_r, modulations_r = self.time_embed_r(t - (t if r is None else r))
        embedding, modulations = embedding + embedding_r, modulations + modulations_r
        joined = torch.cat((context, latents), dim=-1)
        joined = functional.pad(joined, (0, 0, 0, -frames % self.config.patch_size))
        # Contiguous, because linear layers on strided tokens copy their weights at every call.
        x = self.proj_in(joined.transpose(1, 2)).transpose(1, 2).contiguous()
        for layer, cached, kind in zip(self._blocks(), condition, self.config.layer_types, strict=True):
            mask = geometry.band if kind == "sliding_attention" else None
            x = layer(x, modulations, cached, geometry.rotation, mask)
        shift, scale = torch.split(self.scale_shift_table + embedding[:, None], 1, dim=1)
        x = self.norm_out(x) * (1 + scale) + shift
        velocity: torch.Tensor = self.proj_out(x.transpose(1, 2)).transpose(1, 2)
        return velocity[:, :frames]

    def _blocks(self) -> list[DitBlock]:
        return [layer for layer in self.layers if isinstance(layer, DitBlock)]
