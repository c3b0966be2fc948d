"""The tensor codec: numpy arrays to and from `quartet.v1.Tensor`, without copies and without trust.

Decoding checks dtype, shape and byte count before it touches memory; what it returns is a read-only view of the
bytes that protobuf hands out. protobuf copies them on every access of the field, so they are taken once. numpy has no
bfloat16: those tensors appear as uint16, which `bfloat16_to_float32` widens.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from quartet.v1 import tensor_pb2

Array = npt.NDArray[Any]

MAX_DIMENSIONS = 8
MAX_EXTENT = 2**31 - 1

_NUMPY_DTYPES: dict[int, np.dtype[Any]] = {
    tensor_pb2.D_TYPE_F32: np.dtype("<f4"),
    tensor_pb2.D_TYPE_F16: np.dtype("<f2"),
    tensor_pb2.D_TYPE_BF16: np.dtype("<u2"),
    tensor_pb2.D_TYPE_I32: np.dtype("<i4"),
    tensor_pb2.D_TYPE_I64: np.dtype("<i8"),
    tensor_pb2.D_TYPE_U8: np.dtype("u1"),
    tensor_pb2.D_TYPE_BOOL: np.dtype("?"),
}
_WIRE_DTYPES: dict[np.dtype[Any], tensor_pb2.DType] = {
    np.dtype("f4"): tensor_pb2.D_TYPE_F32,
    np.dtype("f2"): tensor_pb2.D_TYPE_F16,
    np.dtype("i4"): tensor_pb2.D_TYPE_I32,
    np.dtype("i8"): tensor_pb2.D_TYPE_I64,
    np.dtype("u1"): tensor_pb2.D_TYPE_U8,
    np.dtype("?"): tensor_pb2.D_TYPE_BOOL,
}


class TensorError(ValueError):
    """A tensor message that cannot be what it claims to be."""


def encode(array: Array) -> tensor_pb2.Tensor:
    """Packs a numpy array. uint16 is refused as ambiguous: use `encode_bfloat16` for bfloat16 bits."""
    try:
        dtype = _WIRE_DTYPES[array.dtype.newbyteorder("=")]
    except KeyError:
        raise TensorError(f"dtype {array.dtype} has no wire type") from None
    return _pack(array, dtype)


def encode_bfloat16(bits: npt.NDArray[np.uint16]) -> tensor_pb2.Tensor:
    """Packs bfloat16 values given as their 16 bits."""
    if bits.dtype != np.uint16:
        raise TensorError(f"bfloat16 bits must be uint16, not {bits.dtype}")
    return _pack(bits, tensor_pb2.D_TYPE_BF16)


def _pack(array: Array, dtype: tensor_pb2.DType) -> tensor_pb2.Tensor:
    little_endian = array.astype(array.dtype.newbyteorder("<"), copy=False)
    return tensor_pb2.Tensor(dtype=dtype, shape=array.shape, data=little_endian.tobytes())


def check(message: tensor_pb2.Tensor) -> np.dtype[Any]:
    """Raises TensorError unless dtype, shape and byte count of the message agree; returns its numpy dtype."""
    return _checked(message)[0]


def _checked(message: tensor_pb2.Tensor) -> tuple[np.dtype[Any], bytes]:
    dtype = _NUMPY_DTYPES.get(message.dtype)
    if dtype is None:
        raise TensorError(f"dtype {message.dtype} is not a known element type")
    if len(message.shape) > MAX_DIMENSIONS:
        raise TensorError(f"{len(message.shape)} dimensions, at most {MAX_DIMENSIONS} are allowed")
    for axis, extent in enumerate(message.shape):
        if not 0 <= extent <= MAX_EXTENT:
            raise TensorError(f"extent {extent} of axis {axis} is not within 0 and {MAX_EXTENT}")
    expected = math.prod(message.shape) * dtype.itemsize
    data = message.data
    if len(data) != expected:
        raise TensorError(f"shape {list(message.shape)} takes {expected} bytes, but there are {len(data)}")
    return dtype, data


def decode(message: tensor_pb2.Tensor, shape: Sequence[int | None] | None = None) -> Array:
    """Unpacks a message into a read-only view of its bytes; None matches any extent, or any shape.

    Raises TensorError.
    """
    dtype, data = _checked(message)
    if shape is not None and not _matches(shape, message.shape):
        wanted = ", ".join("any" if extent is None else str(extent) for extent in shape)
        raise TensorError(f"shape is {list(message.shape)}, expected [{wanted}]")
    if message.dtype == tensor_pb2.D_TYPE_BOOL:
        raw = np.frombuffer(data, dtype=np.uint8)
        if raw.size and raw.max() > 1:
            raise TensorError("a BOOL element is neither 0 nor 1")
    return np.frombuffer(data, dtype=dtype).reshape(tuple(message.shape))


def decode_float32(message: tensor_pb2.Tensor, shape: Sequence[int | None]) -> npt.NDArray[np.float32]:
    """Unpacks an F32 message of the given shape (None matches any extent) whose values are all finite.

    Raises TensorError.
    """
    if message.dtype != tensor_pb2.D_TYPE_F32:
        raise TensorError("dtype must be F32")
    array = decode(message, shape)
    if not np.isfinite(array).all():
        raise TensorError("a value is NaN or infinite")
    return array


def _matches(wanted: Sequence[int | None], have: Sequence[int]) -> bool:
    return len(wanted) == len(have) and all(want in (None, extent) for want, extent in zip(wanted, have, strict=True))


def bfloat16_to_float32(bits: npt.NDArray[np.uint16]) -> npt.NDArray[np.float32]:
    """Widens bfloat16 bits, exactly."""
    wide = bits.astype(np.uint32) << 16
    return wide.view(np.float32)


def float32_to_bfloat16(values: npt.NDArray[np.float32]) -> npt.NDArray[np.uint16]:
    """Rounds to the nearest bfloat16, ties to even; NaN stays NaN."""
    bits = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32)
    rounded = (bits + (0x7FFF + ((bits >> 16) & 1))) >> 16
    quiet_nan = (bits >> 16) | 0x40
    return np.where(np.isnan(values), quiet_nan, rounded).astype(np.uint16)


if sys.byteorder != "little":  # torch and numpy views share the message's bytes only on such machines
    raise ImportError("Quartet's tensor codec needs a little-endian machine")
