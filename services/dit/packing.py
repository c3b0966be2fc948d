"""Sequences of many lengths as one matrix: their tokens lie end to end, and only attention looks where they part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import torch

from services.layers.rotary import Rotation


@dataclass(frozen=True)
class Packing:
    """Where each sequence lies, and the rotations [tokens, 1, head_dim] of all tokens."""

    slices: tuple[slice, ...]
    rotation: Rotation

    @classmethod
    def of(cls, lengths: Sequence[int], table: Rotation) -> Packing:
        """Lays sequences of so many tokens end to end; `table` holds rotations of positions 0 and up."""
        slices = tuple(slice(*ends) for ends in pairwise(accumulate(lengths, initial=0)))
        cos, sin = (torch.cat([part[:length] for length in lengths])[:, None] for part in table)
        return cls(slices, (cos, sin))

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

    def each(self, queries: torch.Tensor, attend: Callable[[int, slice], torch.Tensor]) -> torch.Tensor:
        """What `attend` gives for each sequence, by its number and place, end to end; shaped as the queries."""
        out = torch.empty_like(queries)
        for number, part in enumerate(self.slices):
            out[part] = attend(number, part)
        return out
