"""torch tensors to and from `quartet.v1.Tensor`."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from quartet import tensors
from quartet.v1 import tensor_pb2


def encode_float32(tensor: torch.Tensor) -> tensor_pb2.Tensor:
    """Packs any floating tensor as F32."""
    return tensors.encode(tensor.detach().to(device="cpu", dtype=torch.float32).contiguous().numpy())


def encode_floating(tensor: torch.Tensor) -> tensor_pb2.Tensor:
    """Packs a floating tensor in its own type."""
    plain = tensor.detach().cpu().contiguous()
    if plain.dtype == torch.bfloat16:
        return tensors.encode_bfloat16(plain.view(torch.uint16).numpy())
    return tensors.encode(plain.numpy())


def decode_floating(message: tensor_pb2.Tensor, shape: Sequence[int | None]) -> torch.Tensor:
    """Unpacks finite F32, F16 or BF16 of the given shape as they are, as a writable copy. Raises TensorError."""
    if message.dtype not in (tensor_pb2.D_TYPE_F32, tensor_pb2.D_TYPE_F16, tensor_pb2.D_TYPE_BF16):
        raise tensors.TensorError("dtype must be F32, F16 or BF16")
    tensor = torch.from_numpy(tensors.decode(message, shape).copy())
    if message.dtype == tensor_pb2.D_TYPE_BF16:
        tensor = tensor.view(torch.bfloat16)
    low, high = tensor.aminmax() if tensor.numel() else (tensor.new_zeros(()), tensor.new_zeros(()))
    if not (torch.isfinite(low) and torch.isfinite(high)):  # NaN is the least and the greatest wherever it is
        raise tensors.TensorError("a value is NaN or infinite")
    return tensor


def decode_float32(message: tensor_pb2.Tensor, shape: Sequence[int | None]) -> torch.Tensor:
    """Unpacks finite F32 of the given shape (None matches any extent), as a writable copy. Raises TensorError."""
    return torch.from_numpy(tensors.decode_float32(message, shape).copy())


def decode_bool(message: tensor_pb2.Tensor, shape: Sequence[int | None]) -> torch.Tensor:
    """Unpacks BOOL of the given shape (None matches any extent). Raises TensorError."""
    if message.dtype != tensor_pb2.D_TYPE_BOOL:
        raise tensors.TensorError("dtype must be BOOL")
    return torch.from_numpy(tensors.decode(message, shape).copy())
