"""Keys and values of all rows of the batch, in tensors that are made once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from services.runtime.qwen3 import Qwen3Config

# Attention takes a prompt in blocks that begin at multiples of this, so that the bits of a block do not depend on how a
# prompt was cut into pieces, and one that another item computed can be taken over.
BLOCK = 64


@dataclass(frozen=True)
class Segment:
    """New tokens of one row: `length` of them, the first at position `start` of the row."""

    row: int
    start: int
    length: int

    @property
    def end(self) -> int:
        """Tokens of the row once these are in."""
        return self.start + self.length

    def blocks(self) -> Iterator[Segment]:
        """The parts between multiples of `BLOCK`."""
        at = self.start
        while at < self.end:
            end = min(self.end, (at // BLOCK + 1) * BLOCK)
            yield Segment(self.row, at, end - at)
            at = end


class KeyValueCache:
    """Tensors [rows, kv_heads, context, head_dim] for keys and for values of each layer.

    On a CPU memory is only taken by positions that have been written. Behind the context there is a spare position,
    for rows that take part in a step without moving.
    """

    def __init__(
        self, config: Qwen3Config, rows: int, context: int, *, dtype: torch.dtype, device: torch.device
    ) -> None:
        self.rows = rows
        self.context = context
        shape = (rows, config.kv_heads, context + 1, config.head_dim)
        self.keys = [torch.zeros(shape, dtype=dtype, device=device) for _ in range(config.layers)]
        self.values = [torch.zeros(shape, dtype=dtype, device=device) for _ in range(config.layers)]

    def write(
        self, layer: int, rows: torch.Tensor, positions: torch.Tensor, keys: torch.Tensor, values: torch.Tensor
    ) -> None:
        """Stores keys and values [tokens, kv_heads, head_dim] of tokens at rows [tokens] and positions [tokens]."""
        self.keys[layer][rows, :, positions] = keys
        self.values[layer][rows, :, positions] = values

    def clear(self, row: int) -> None:
        """Removes what a failure may have left in a row: numbers that are not finite act through a mask too."""
        for tensor in (*self.keys, *self.values):
            tensor[row].zero_()

    def copy(self, source: int, target: int, tokens: int) -> None:
        """Copies the first tokens of one row to another."""
        for tensor in (*self.keys, *self.values):
            tensor[target, :, :tokens] = tensor[source, :, :tokens]
