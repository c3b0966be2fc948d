"""Weights in fewer bits, by torchao; products are computed in the model's type."""

from __future__ import annotations

import logging
from collections.abc import Callable
from enum import StrEnum

import torch
from torch import nn
from torch.utils._python_dispatch import is_traceable_wrapper_subclass


class WeightForm(StrEnum):
    """How the projections of layers lie in memory: as computed, or in 8 bits with a scale for each row."""

    FULL = "full"
    INT8 = "int8"
    FP8 = "fp8"


class NoTorchaoError(Exception):
    """The library of the forms in fewer bits is not installed."""


def quantized(weight: torch.Tensor, form: WeightForm) -> torch.Tensor:
    """A weight [out, in] in a form; `functional.linear` takes it as it takes the plain one. Raises NoTorchaoError."""
    if form is WeightForm.FULL:
        return weight
    logging.getLogger("torchao").setLevel(logging.ERROR)  # it tells of every kernel that is for other machines
    try:
        from torchao.quantization import Float8WeightOnlyConfig, Int8WeightOnlyConfig, quantize_
    except ImportError:
        raise NoTorchaoError(f"weights in {form} need torchao; install it with: pip install 'quartet[small]'") from None
    carrier = nn.Linear(weight.shape[1], weight.shape[0], bias=False, device="meta")
    carrier.weight = nn.Parameter(weight, requires_grad=False)
    quantize_(carrier, Int8WeightOnlyConfig() if form is WeightForm.INT8 else Float8WeightOnlyConfig())
    return carrier.weight.data


def is_plain(tensor: torch.Tensor) -> bool:
    """Whether a tensor holds its numbers itself."""
    return not is_traceable_wrapper_subclass(tensor)


def stored_bytes(tensor: torch.Tensor) -> int:
    """Bytes that a tensor takes; one in fewer bits calls itself as large as the plain one."""
    return sum(part.nbytes for part in parts(tensor))


def parts(tensor: torch.Tensor) -> list[torch.Tensor]:
    """The plain tensors that hold a tensor's numbers."""
    if is_plain(tensor):
        return [tensor]
    names, _ = tensor.__tensor_flatten__()  # type: ignore[attr-defined]
    return [part for name in names for part in parts(getattr(tensor, name))]


def mapped(tensor: torch.Tensor, change: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
    """The same tensor with its parts copied or moved by a function."""
    if is_plain(tensor):
        return change(tensor)
    names, context = tensor.__tensor_flatten__()  # type: ignore[attr-defined]
    changed = {name: mapped(getattr(tensor, name), change) for name in names}
    made: torch.Tensor = type(tensor).__tensor_unflatten__(  # type: ignore[attr-defined]
        changed, context, tensor.size(), tensor.stride()
    )
    return made
