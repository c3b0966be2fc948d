"""The tensor codec: every dtype and shape goes through unchanged, every lie about sizes is refused."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from quartet import tensors
from quartet.tensors import TensorError
from quartet.v1 import tensor_pb2

WIRE_DTYPES = ["f4", "f2", "i4", "i8", "u1", "?"]
SHAPES = hnp.array_shapes(min_dims=0, max_dims=tensors.MAX_DIMENSIONS, min_side=0, max_side=4)
ARRAYS = st.sampled_from(WIRE_DTYPES).flatmap(lambda dtype: hnp.arrays(dtype, SHAPES))


def owner_of(array: np.ndarray[Any, Any]) -> object:
    """The object whose memory a chain of views shows."""
    while isinstance(array, np.ndarray) and array.base is not None:
        array = array.base
    return array


@given(ARRAYS)
def test_decode_gives_back_what_encode_took(array: np.ndarray[Any, Any]) -> None:
    message = tensor_pb2.Tensor.FromString(tensors.encode(array).SerializeToString())
    decoded = tensors.decode(message)
    assert decoded.dtype == array.dtype
    assert decoded.shape == array.shape
    assert decoded.tobytes() == array.tobytes()


@given(hnp.arrays(st.sampled_from([">f4", ">f2", ">i4", ">i8"]), SHAPES))
def test_big_endian_arrays_travel_little_endian(array: np.ndarray[Any, Any]) -> None:
    decoded = tensors.decode(tensors.encode(array))
    assert decoded.dtype.byteorder in "=<"
    np.testing.assert_array_equal(decoded, array)


@given(hnp.arrays("f4", hnp.array_shapes(min_dims=2, max_dims=2)))
def test_views_that_are_not_contiguous_travel_row_major(array: np.ndarray[Any, Any]) -> None:
    np.testing.assert_array_equal(tensors.decode(tensors.encode(array.T[::-1])), array.T[::-1])


@given(hnp.arrays("u2", SHAPES))
def test_bfloat16_travels_as_its_bits(bits: np.ndarray[Any, Any]) -> None:
    message = tensors.encode_bfloat16(bits)
    assert message.dtype == tensor_pb2.D_TYPE_BF16
    np.testing.assert_array_equal(tensors.decode(message), bits)


@given(st.integers(0, 0xFFFF))
def test_every_bfloat16_survives_widening_and_rounding(value: int) -> None:
    bits = np.array([value], dtype=np.uint16)
    wide = tensors.bfloat16_to_float32(bits)
    back = tensors.float32_to_bfloat16(wide)
    assert np.isnan(tensors.bfloat16_to_float32(back)).all() if np.isnan(wide).all() else back[0] == value


@given(st.floats(width=32, min_value=-(2.0**127), max_value=2.0**127))
def test_rounding_takes_the_nearest_bfloat16_and_the_even_one_of_two(value: float) -> None:
    exact = np.float32(value)
    bits = tensors.float32_to_bfloat16(np.array([exact]))
    around = [int(bits[0]) + step for step in (-1, 0, 1)]
    neighbours = np.array(around).clip(0, 0xFFFF).astype(np.uint16)
    below, chosen, above = np.abs(tensors.bfloat16_to_float32(neighbours).astype(np.float64) - float(exact))
    assert chosen <= np.nanmin([below, above])
    if chosen in (below, above) and chosen > 0:
        assert bits[0] % 2 == 0


@pytest.mark.parametrize("value", [np.nan, -np.nan])
def test_a_nan_stays_a_nan(value: float) -> None:
    signalling = np.array([0x7F800001], dtype=np.uint32).view(np.float32)
    for source in (np.array([value], dtype=np.float32), signalling):
        assert np.isnan(tensors.bfloat16_to_float32(tensors.float32_to_bfloat16(source))).all()


def test_decode_shares_the_memory_of_the_message_bytes() -> None:
    decoded = tensors.decode(tensors.encode(np.arange(12, dtype=np.float32).reshape(3, 4)))
    owner = owner_of(decoded)
    assert isinstance(owner, bytes)
    assert np.shares_memory(decoded, np.frombuffer(owner, dtype=np.uint8))
    assert not decoded.flags.writeable


@pytest.mark.parametrize("dtype", WIRE_DTYPES)
def test_decode_takes_the_bytes_of_a_message_once(dtype: str) -> None:
    message = tensors.encode(np.zeros(2**20, dtype=dtype))
    size = len(message.data)
    tracemalloc.start()
    try:
        decoded = tensors.decode(message)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert decoded.nbytes == size
    assert peak < 1.1 * size


@given(ARRAYS, st.integers(-8, 8).filter(bool))
def test_bytes_that_do_not_fill_the_shape_are_refused(array: np.ndarray[Any, Any], surplus: int) -> None:
    message = tensors.encode(array)
    data = message.data
    message.data = data + bytes(surplus) if surplus > 0 else data[:surplus]
    if message.data != data:
        with pytest.raises(TensorError, match=r"takes \d+ bytes, but there are"):
            tensors.decode(message)


@given(st.lists(st.integers(0, tensors.MAX_EXTENT), min_size=1, max_size=8), st.binary(max_size=16))
def test_huge_shapes_cost_nothing_and_are_refused(shape: list[int], data: bytes) -> None:
    message = tensor_pb2.Tensor(dtype=tensor_pb2.D_TYPE_F32, shape=shape, data=data)
    if 4 * int(np.prod([int(extent) for extent in shape], dtype=object)) != len(data):
        with pytest.raises(TensorError):
            tensors.decode(message)


@pytest.mark.parametrize(
    ("shape", "data", "complaint"),
    [
        ([-1], b"", "extent -1 of axis 0"),
        ([2, -2], b"", "extent -2 of axis 1"),
        ([-2, -2], b"\0" * 16, "extent -2 of axis 0"),
        ([2**31], b"", "extent 2147483648 of axis 0"),
        ([1] * 9, b"\0" * 4, "9 dimensions"),
        ([2**31 - 1] * 8, b"", "but there are 0"),
    ],
)
def test_impossible_shapes_are_named(shape: list[int], data: bytes, complaint: str) -> None:
    with pytest.raises(TensorError, match=complaint):
        tensors.decode(tensor_pb2.Tensor(dtype=tensor_pb2.D_TYPE_F32, shape=shape, data=data))


@pytest.mark.parametrize("number", [0, 99])
def test_unknown_element_types_are_refused(number: tensor_pb2.DType) -> None:
    message = tensor_pb2.Tensor(dtype=number, shape=[0])
    with pytest.raises(TensorError, match="not a known element type"):
        tensors.decode(message)


@given(st.binary(min_size=1, max_size=8))
def test_a_bool_is_0_or_1(data: bytes) -> None:
    message = tensor_pb2.Tensor(dtype=tensor_pb2.D_TYPE_BOOL, shape=[len(data)], data=data)
    if max(data) <= 1:
        assert tensors.decode(message).tolist() == [bool(byte) for byte in data]
    else:
        with pytest.raises(TensorError, match="neither 0 nor 1"):
            tensors.decode(message)


@pytest.mark.parametrize("dtype", ["f8", "u2", "u4", "u8", "i2", "c8", "S3", "O"])
def test_arrays_without_a_wire_type_are_refused(dtype: str) -> None:
    with pytest.raises(TensorError, match="no wire type"):
        tensors.encode(np.zeros(2, dtype=dtype))


def test_bfloat16_bits_must_be_uint16() -> None:
    with pytest.raises(TensorError, match="must be uint16"):
        tensors.encode_bfloat16(np.zeros(2, dtype=np.int16))


def test_decode_float32_wants_the_shape_it_is_told() -> None:
    message = tensors.encode(np.zeros((3, 4), dtype=np.float32))
    assert tensors.decode_float32(message, [None, 4]).shape == (3, 4)
    for shape in ([None, 5], [None], [3, 4, 1]):
        with pytest.raises(TensorError, match=r"shape is \[3, 4\], expected"):
            tensors.decode_float32(message, shape)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_decode_float32_wants_finite_values(value: float) -> None:
    message = tensors.encode(np.array([0.0, value], dtype=np.float32))
    with pytest.raises(TensorError, match="NaN or infinite"):
        tensors.decode_float32(message, [2])


def test_decode_float32_wants_float32() -> None:
    with pytest.raises(TensorError, match="must be F32"):
        tensors.decode_float32(tensors.encode(np.zeros(2, dtype=np.float16)), [2])
