"""Sequences of many lengths as one matrix: their tokens lie end to end, and only attention looks where they part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby, pairwise

import torch

from services.layers.rotary import Rotation


@dataclass(frozen=True)
class Run:
    """Neighbours of one length: where their tokens lie together, and which sequences they are."""

    tokens: slice
    sequences: slice
    length: int

    def of(self, x: torch.Tensor) -> torch.Tensor:
        """Their part of tokens [tokens, ...], as [sequences, length, ...]."""
        return x[self.tokens].view(-1, self.length, *x.shape[1:])


@dataclass(frozen=True)
class Packing:
    """Where each sequence lies, and the rotations [tokens, 1, head_dim] of all tokens."""

    slices: tuple[slice, ...]
    runs: tuple[Run, ...]
    rotation: Rotation

    @classmethod
    def of(cls, lengths: Sequence[int], table: Rotation) -> Packing:
        """Lays sequences of so many tokens end to end; `table` holds rotations of positions 0 and up."""
        slices = tuple(slice(*ends) for ends in pairwise(accumulate(lengths, initial=0)))
        equal = [(length, len(list(run))) for length, run in groupby(lengths)]
        tokens = pairwise(accumulate((length * count for length, count in equal), initial=0))
        sequences = pairwise(accumulate((count for _, count in equal), initial=0))
        runs = tuple(
            Run(slice(*part), slice(*which), length)
            for part, which, (length, _) in zip(tokens, sequences, equal, strict=True)
        )
        cos, sin = (torch.cat([part[:length].repeat(count, 1) for length, count in equal])[:, None] for part in table)
        return cls(slices, runs, (cos, sin))

    def modulate(self, x: torch.Tensor, shift: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
        """x (1 + scale) + shift of tokens [tokens, width], with a shift and a scale [sequences, width] for each."""
        return _joined(
            [torch.addcmul(shift[run.sequences, None], run.of(x), 1 + scale[run.sequences, None]) for run in self.runs]
        )

    def add_gated(self, x: torch.Tensor, gate: torch.Tensor, change: torch.Tensor) -> torch.Tensor:
        """x + gate * change of tokens [tokens, width], with a gate [sequences, width] for each sequence."""
        return _joined([torch.addcmul(run.of(x), gate[run.sequences, None], run.of(change)) for run in self.runs])


def _joined(parts: Sequence[torch.Tensor]) -> torch.Tensor:
    """Tokens [tokens, width] of runs [sequences, length, width]; nothing is copied where there is one run."""
    flat = [part.flatten(0, 1) for part in parts]
    return flat[0] if len(flat) == 1 else torch.cat(flat)
