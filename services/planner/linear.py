"""Matrix products whose rows do not depend on each other."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

# CPU libraries take rows that fill no tile by other kernels, which add in another order. Measured in float32: in whole
# tiles each row of a product has the same bits whatever else is in the batch. bfloat16 has no such kernels.
_TILE_ROWS = 4


def linear(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """x [rows, in] times the transpose of weight [out, in], each row as in any other batch."""
    missing = -len(x) % _TILE_ROWS if x.dtype == torch.float32 and x.device.type == "cpu" else 0
    if not missing:
        return functional.linear(x, weight)
    return functional.linear(functional.pad(x, (0, 0, 0, missing)), weight)[: len(x)]


class Linear(nn.Linear):
    """A projection without bias of [rows, in] to [rows, out]."""

    def __init__(self, width: int, out: int) -> None:
        super().__init__(width, out, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """See `linear`."""
        return linear(x, self.weight)
