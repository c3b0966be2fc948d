"""The diffusion transformer: from noisy latents, context and condition to the velocity (spec/model.md §2.7).

A forward pass takes branches of any length together. Only attention keeps them apart; products see one matrix.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from services.dit.block import DitBlock
from services.dit.config import DitConfig
from services.dit.patches import PatchEmbedding, PatchProjection
from services.dit.time_embedding import TimeEmbedding
from services.layers.attention import KeysValues
from services.layers.linear import Linear
from services.layers.norm import RMSNorm
from services.layers.packing import Packing
from services.layers.rotary import RotationTable
from services.layers.stack import LayerStack

# Keys and values of a condition for each layer: they are the same at every step.
ConditionCache = tuple[KeysValues, ...]


@dataclass(frozen=True)
class Branch:
    """One velocity to predict: that of latents [frames, channels] at noise level `t` under a condition.

    `context` [frames, 2 channels] is source latents, then mask. `r` is the other end of the interval that a mean-flow
    model spans; at inference it is t, whose difference 0 still has an embedding.
    """

    latents: torch.Tensor
    context: torch.Tensor
    condition: ConditionCache
    t: float
    r: float | None = None


class DiffusionTransformer(nn.Module):
    """Predicts the velocity v = noise - clean of noisy latents."""

    def __init__(self, config: DitConfig) -> None:
        super().__init__()
        self.config = config
        width, patch = config.hidden_size, config.patch_size
        # The original keys are proj_in.1 and proj_out.1: position 0 holds a module without weights.
        self.proj_in = nn.Sequential(nn.Identity(), PatchEmbedding(config.in_channels, width, patch))
        self.time_embed = TimeEmbedding(width)
        self.time_embed_r = TimeEmbedding(width)
        self.condition_embedder = Linear(config.encoder_hidden_size, width, bias=True)
        self.layers: LayerStack[DitBlock] = LayerStack(
            DitBlock(config, sliding=kind == "sliding_attention") for kind in config.layer_types
        )
        self.norm_out = RMSNorm(width)
        self.scale_shift_table = nn.Parameter(torch.zeros(1, 2, width))
        self.proj_out = nn.Sequential(nn.Identity(), PatchProjection(width, config.audio_acoustic_hidden_dim, patch))
        self._rotations = RotationTable(config.head_dim, config.rope_theta)

    @property
    def weight(self) -> torch.Tensor:
        """A weight that shows the device and type of all."""
        return self.norm_out.weight

    def cache_condition(self, condition: torch.Tensor) -> ConditionCache:
        """Keys and values of a condition [condition tokens, condition width] for all layers."""
        embedded = self.condition_embedder(condition.to(self.weight))
        return tuple(layer.cross_attn.keys_values(embedded) for layer in self.layers.in_turn())

    def tokens(self, frames: int) -> int:
        """Tokens that latents of a length take."""
        return -(-frames // self.config.patch_size)

    def forward(self, branches: Sequence[Branch]) -> list[torch.Tensor]:
        """Velocities [frames, channels] in float32, one for each branch."""
        x, packing, embedding, modulations = self._embedded(branches)
        for number, layer in enumerate(self.layers.in_turn()):
            x = layer(x, packing, modulations, [branch.condition[number] for branch in branches])
        shift, scale = (self.scale_shift_table + embedding[:, None]).unbind(1)
        patches = self.proj_out(packing.modulate(self.norm_out(x), shift, scale))
        frames = [part.flatten(0, 1) for part in packing.sequences(patches)]
        return [part[: len(branch.latents)].float() for part, branch in zip(frames, branches, strict=True)]

    def attention(self, branch: Branch, first: int) -> torch.Tensor:
        """Attention of a branch's tokens to the first keys of its condition [first, tokens], in float32.

        It is the mean over `config.alignment_heads`. Layers after the last of these are left out.
        """
        heads = dict(self.config.alignment_heads)
        x, packing, _, modulations = self._embedded([branch])
        seen = torch.zeros(len(x), first, device=x.device)
        for number, layer in enumerate(self.layers.in_turn()):
            x = layer.see_itself(x, packing, modulations)
            if number in heads:
                seen += layer.attention(x, branch.condition[number], heads[number], first)
            if number == max(heads):
                break
            x = layer.see_condition(x, packing, modulations, [branch.condition[number]])
        return (seen / sum(map(len, heads.values()))).t()

    def _embedded(self, branches: Sequence[Branch]) -> tuple[torch.Tensor, Packing, torch.Tensor, torch.Tensor]:
        """What the layers take: tokens, their packing, then embedding and modulations of the noise levels."""
        lengths = [self.tokens(len(branch.latents)) for branch in branches]
        packing = Packing.of(lengths, self._rotations.upto(max(lengths), self.weight))
        x = self.proj_in(torch.cat([self._patches(branch) for branch in branches]))
        return x, packing, *self._levels(branches)

    def _patches(self, branch: Branch) -> torch.Tensor:
        patch = self.config.patch_size
        frames = torch.cat((branch.context.to(self.weight), branch.latents.to(self.weight)), dim=-1)
        padded = functional.pad(frames, (0, 0, 0, -len(frames) % patch))
        return padded.view(-1, patch, frames.shape[1]).transpose(1, 2).flatten(1)

    def _levels(self, branches: Sequence[Branch]) -> tuple[torch.Tensor, torch.Tensor]:
        """Embedding [branches, width] and modulations [branches, 6, width] of the noise levels."""
        t = torch.tensor([branch.t for branch in branches]).to(self.weight)
        r = torch.tensor([branch.t if branch.r is None else branch.r for branch in branches]).to(self.weight)
        embedding, modulations = self.time_embed(t)
        embedding_r, modulations_r = self.time_embed_r(t - r)
        return embedding + embedding_r, modulations + modulations_r
