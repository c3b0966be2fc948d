"""How new tokens attend to their own rows of the cache: as packed segments of any length, or one token for each row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch.nn import functional

from services.planner.cache import Segment


class Layout(Protocol):
    """Which rows and positions the tokens of a forward pass belong to."""

    @property
    def rows(self) -> torch.Tensor:
        """Row of each token [tokens]."""

    @property
    def positions(self) -> torch.Tensor:
        """Position of each token in its row [tokens]."""

    def attend(self, queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
        """Queries [tokens, heads, head_dim] to a layer's cache [rows, kv_heads, context, head_dim]; shaped as queries.

        The keys and values of the tokens themselves are in the cache.
        """


@dataclass(frozen=True)
class Packing:
    """Segments end to end, each taken alone, so that no other segment has a say in its bits."""

    segments: tuple[Segment, ...]
    rows: torch.Tensor
    positions: torch.Tensor

    @classmethod
    def of(cls, segments: Sequence[Segment], device: torch.device) -> Packing:
        """Lays segments end to end."""
        rows = [segment.row for segment in segments for _ in range(segment.length)]
        positions = [position for segment in segments for position in range(segment.start, segment.end)]
        return cls(tuple(segments), torch.tensor(rows, device=device), torch.tensor(positions, device=device))

    def last_tokens(self) -> list[int]:
        """Index of the last packed token of each segment."""
        ends, at = [], 0
        for segment in self.segments:
            at += segment.length
            ends.append(at - 1)
        return ends

    def attend(self, queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
        """See `Layout`; block by block."""
        out, at = [], 0
        for segment in self.segments:
            for block in segment.blocks():
                out.append(_attend_block(queries[at : at + block.length], block, keys, values))
                at += block.length
        return torch.cat(out)


@dataclass(frozen=True)
class Lanes:
    """One token for each of the first rows of the cache, of which the first `length` positions are read.

    Shapes depend on the number of rows and on `length` alone, so that one CUDA graph serves all positions below it.
    """

    rows: torch.Tensor
    positions: torch.Tensor
    seen: torch.Tensor

    @classmethod
    def of(cls, positions: torch.Tensor, length: int) -> Lanes:
        """Lanes of rows 0, 1, … with a token at each of positions [rows]."""
        places = torch.arange(length, device=positions.device)
        seen = places <= positions[:, None, None, None]
        return cls(torch.arange(len(positions), device=positions.device), positions, seen)

    def attend(self, queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
        """See `Layout`; all rows at once, as products that a GPU spreads over the positions too."""
        lanes, heads, head_dim = queries.shape
        keys, values = (tensor[:lanes, :, : self.seen.shape[-1]] for tensor in (keys, values))
        folded = queries.view(lanes, keys.shape[1], -1, head_dim)
        scores = (folded @ keys.transpose(2, 3)).float() * head_dim**-0.5
        weights = scores.masked_fill(~self.seen, -torch.inf).softmax(dim=-1).to(values.dtype)
        out: torch.Tensor = weights @ values
        return out.view(lanes, heads, head_dim)


def _attend_block(queries: torch.Tensor, block: Segment, keys: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """Query heads that share a key head become queries of that head, so that keys are read once for all of them."""
    length, heads, head_dim = queries.shape
    kv_heads = keys.shape[1]
    group = heads // kv_heads
    folded = queries.view(length, kv_heads, group, head_dim)
    folded = folded.permute(1, 2, 0, 3).reshape(1, kv_heads, group * length, head_dim)
    keys, values = (tensor[block.row, None, :, : block.end] for tensor in (keys, values))
    mask = None
    if length > 1:
        places = torch.arange(block.end, device=queries.device)
        mask = (places <= places[block.start :, None]).repeat(group, 1)
    out: torch.Tensor = functional.scaled_dot_product_attention(folded, keys, values, attn_mask=mask)
    return out.view(kv_heads, group, length, head_dim).permute(2, 0, 1, 3).reshape(length, heads, head_dim)
