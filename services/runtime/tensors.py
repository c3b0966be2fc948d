"""torch tensors to and from `quartet.v1.Tensor`."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from quartet import tensors
from quartet.v1 import tensor_pb2


def encode_float32(tensor: torch.Tensor) -> tensor_pb2.Tensor:
    """Packs any floating tensor as F32."""
    return tensors.encode(tensor.detach().to(device="cpu", dtype=torch.float32).contiguous().numpy())


def decode_float32(message: tensor_pb2.Tensor, shape: Sequence[int | None]) -> torch.Tensor:
    """Unpacks finite F32 of the given shape (None matches any extent), as a writable copy. Raises TensorError."""
    return torch.from_numpy(tensors.decode_float32(message, shape).copy())


def decode_bool(message: tensor_pb2.Tensor, shape: Sequence[int | None]) -> torch.Tensor:
    """Unpacks BOOL of the given shape (None matches any extent). Raises TensorError."""
    if message.dtype != tensor_pb2.D_TYPE_BOOL:
        raise tensors.TensorError("dtype must be BOOL")
    array = tensors.decode(message)
    if len(shape) != array.ndim or any(w not in (None, h) for w, h in zip(shape, array.shape, strict=True)):
        raise tensors.TensorError(f"shape is {list(array.shape)}, expected {list(shape)}")
    return torch.from_numpy(array.copy())
