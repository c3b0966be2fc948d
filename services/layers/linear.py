"""Matrix products whose rows do not depend on each other, and that read weights in the order of memory.

CPU libraries take rows that fill no tile by other kernels, which add in another order. Measured in float32 and
bfloat16: in whole tiles each row of a product has the same bits whatever else is in the batch. Whole tiles are also
faster: four rows take less time than one.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn
from torch.nn import functional

from services.layers.packable import Packable
from services.layers.quantization import is_plain

_TILE_ROWS = 4


def linear(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """x [rows, in] times the transpose of weight [out, in], each row as in any other batch.

    `weight` may be a packed one.
    """
    missing = -len(x) % _TILE_ROWS if x.device.type == "cpu" else 0
    padded = functional.pad(x, (0, 0, 0, missing)) if missing else x
    if weight.layout == torch._mkldnn:  # type: ignore[attr-defined]  # the layout that `packed` makes
        product = torch.ops.mkldnn._linear_pointwise(padded, weight, None, "none", [], "")
    else:
        product = functional.linear(padded, weight)
    return product[: len(x)]  # type: ignore[no-any-return]


def packed(weight: torch.Tensor) -> torch.Tensor:
    """A copy of a weight [out, in] in the blocks that the CPU's kernel reads, where there is such a kernel.

    A plain matrix is read in strides, at half of the memory's bandwidth.
    """
    if not packs(weight.dtype, weight.device):
        return weight
    return torch.ops.mkldnn._reorder_linear_weight(weight, _TILE_ROWS)  # type: ignore[no-any-return]


def packs(dtype: torch.dtype, device: torch.device) -> bool:
    """Whether weights of a type on a device are packed."""
    return device.type == "cpu" and dtype == torch.bfloat16 and _CAN_PACK


_CAN_PACK = (
    torch._C._has_mkldnn
    and hasattr(torch.ops.mkldnn, "_reorder_linear_weight")
    and torch.ops.mkldnn._is_mkldnn_bf16_supported()
)


class Linear(Packable):
    """A projection of [rows, in] to [rows, out]."""

    def __init__(self, width: int, out: int, *, bias: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(out, width))
        self.bias = nn.Parameter(torch.empty(out)) if bias else None

    def pack(self) -> None:
        """Replaces a plain weight by its packed form; what needs the plain one comes before."""
        if is_plain(self.weight.data):
            self.weight = nn.Parameter(packed(self.weight.data), requires_grad=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """See `linear`."""
        product = linear(x, self.weight)
        return product if self.bias is None else product + self.bias


class JoinedLinear(Linear):
    """Projections of the same input as one product; `parts` are their names in a checkpoint and their widths."""

    def __init__(self, width: int, parts: Mapping[str, int]) -> None:
        super().__init__(width, sum(parts.values()))
        self.parts = dict(parts)
