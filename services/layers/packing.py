"""Sequences of many lengths as one matrix: their tokens lie end to end, and only attention looks where they part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import torch

from services.layers.rotary import Rotation


@dataclass(frozen=True)
class Run:
    """Neighbours of one length: how many sequences, and tokens of each."""

    sequences: int
    length: int

    @property
    def tokens(self) -> int:
        """Tokens of all of them."""
        return self.sequences * self.length


@dataclass(frozen=True)
class Packing:
    """Lengths of sequences that lie end to end, their runs, and the rotations [tokens, 1, head_dim] of all tokens."""

    lengths: tuple[int, ...]
    runs: tuple[Run, ...]
    rotation: Rotation

    @classmethod
    def of(cls, lengths: Sequence[int], table: Rotation) -> Packing:
        """Lays sequences of so many tokens end to end; `table` holds rotations of positions 0 and up."""
        runs = tuple(Run(len(list(run)), length) for length, run in groupby(lengths))
        cos, sin = (torch.cat([part[: run.length].repeat(run.sequences, 1) for run in runs])[:, None] for part in table)
        return cls(tuple(lengths), runs, (cos, sin))

    def sequences(self, x: torch.Tensor) -> list[torch.Tensor]:
        """Tokens [tokens, ...] of each sequence."""
        return _split(x, self.lengths)

    def in_runs(self, x: torch.Tensor) -> list[torch.Tensor]:
        """Tokens [tokens, ...] of each run, as [sequences, length, ...]."""
        parts = _split(x, [run.tokens for run in self.runs])
        return [part.view(-1, run.length, *x.shape[1:]) for part, run in zip(parts, self.runs, strict=True)]

    def modulate(self, x: torch.Tensor, shift: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
        """x (1 + scale) + shift of tokens [tokens, width], with a shift and a scale [sequences, width] for each."""
        parts = zip(self._for_runs(shift), self.in_runs(x), self._for_runs(1 + scale), strict=True)
        return joined([torch.addcmul(*part) for part in parts])

    def add_gated(self, x: torch.Tensor, gate: torch.Tensor, change: torch.Tensor) -> torch.Tensor:
        """x + gate * change of tokens [tokens, width], with a gate [sequences, width] for each sequence."""
        parts = zip(self.in_runs(x), self._for_runs(gate), self.in_runs(change), strict=True)
        return joined([torch.addcmul(*part) for part in parts])

    def _for_runs(self, x: torch.Tensor) -> list[torch.Tensor]:
        """Vectors [sequences, width] of each run's sequences, as [sequences, 1, width]."""
        return [part[:, None] for part in _split(x, [run.sequences for run in self.runs])]


def joined(runs: Sequence[torch.Tensor]) -> torch.Tensor:
    """Tokens [tokens, ...] of runs [sequences, length, ...]; nothing is copied where there is one run."""
    flat = [run.flatten(0, 1) for run in runs]
    return flat[0] if len(flat) == 1 else torch.cat(flat)


def _split(x: torch.Tensor, sizes: Sequence[int]) -> list[torch.Tensor]:
    return [x] if len(sizes) == 1 else list(torch.split(x, list(sizes)))
