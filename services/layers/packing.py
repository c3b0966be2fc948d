"""Sequences of many lengths as one matrix: their tokens lie end to end, and only attention looks where they part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby, pairwise

import torch

from services.layers.rotary import Rotation


@dataclass(frozen=True)
class Packing:
    """Where each sequence lies, and the rotations [tokens, 1, head_dim] of all tokens.

    `runs` are neighbours of one length: where they lie together, and that length.
    """

    slices: tuple[slice, ...]
    runs: tuple[tuple[slice, int], ...]
    rotation: Rotation

    @classmethod
    def of(cls, lengths: Sequence[int], table: Rotation) -> Packing:
        """Lays sequences of so many tokens end to end; `table` holds rotations of positions 0 and up."""
        slices = tuple(slice(*ends) for ends in pairwise(accumulate(lengths, initial=0)))
        equal = [(length, len(list(run))) for length, run in groupby(lengths)]
        ends = pairwise(accumulate((length * count for length, count in equal), initial=0))
        runs = tuple((slice(*at), length) for at, (length, _) in zip(ends, equal, strict=True))
        cos, sin = (torch.cat([part[:length].repeat(count, 1) for length, count in equal])[:, None] for part in table)
        return cls(slices, runs, (cos, sin))

    def modulate(self, x: torch.Tensor, shift: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
        """x (1 + scale) + shift of tokens [tokens, width], with a shift and a scale [sequences, width] for each."""
        out = torch.empty_like(x)
        for number, part in enumerate(self.slices):
            torch.addcmul(shift[number], x[part], 1 + scale[number], out=out[part])
        return out

    def add_gated(self, x: torch.Tensor, gate: torch.Tensor, change: torch.Tensor) -> torch.Tensor:
        """x + gate * change of tokens [tokens, width], with a gate [sequences, width] for each sequence."""
        out = torch.empty_like(x)
        for number, part in enumerate(self.slices):
            torch.addcmul(x[part], gate[number], change[part], out=out[part])
        return out
