"""The shared blocks equal their formulas written out."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from services.layers.attention import AttentionShape, CrossAttention, SelfAttention, Sight, attend
from services.layers.mlp import GatedMlp
from services.layers.norm import RMSNorm
from services.layers.packing import Packing
from services.layers.rotary import rotate, rotation

CPU = torch.device("cpu")


def test_rms_norm_has_unit_root_mean_square() -> None:
    normalised = RMSNorm(64)(3 * torch.randn(2, 5, 64) + 1)
    torch.testing.assert_close(normalised.square().mean(-1), torch.ones(2, 5), rtol=1e-5, atol=1e-5)


def test_rms_norm_keeps_the_dtype_and_applies_its_weight() -> None:
    norm = RMSNorm(8).to(torch.bfloat16)
    norm.weight.data.fill_(2)
    x = torch.ones(1, 8, dtype=torch.bfloat16)
    assert norm(x).dtype == torch.bfloat16
    assert torch.equal(norm(x), torch.full((1, 8), 2, dtype=torch.bfloat16))


def test_rotation_frequencies_of_the_specification() -> None:
    """spec/model.md §2: for 128 dimensions the angles of position 1 are 1.0, 0.8058422, … 1.240938e-06."""
    _, sin = rotation(2, 128, 1e6, device=CPU, dtype=torch.float32)
    angles = torch.asin(sin[1])
    torch.testing.assert_close(angles[[0, 1, 63]], torch.tensor([1.0, 0.8058422, 1.240938e-06]), rtol=1e-5, atol=0)
    assert torch.equal(angles[:64], angles[64:])


@given(st.integers(0, 20), st.integers(0, 20), st.integers(0, 20))
def test_rotated_products_depend_on_distance_alone(query: int, key: int, shift: int) -> None:
    cos, sin = rotation(64, 8, 100.0, device=CPU, dtype=torch.float64)
    generator = torch.Generator().manual_seed(0)
    q, k = torch.randn(2, 1, 1, 1, 8, generator=generator, dtype=torch.float64)

    def product(i: int, j: int) -> float:
        return float((rotate(q, (cos[i], sin[i])) * rotate(k, (cos[j], sin[j]))).sum())

    assert math.isclose(product(query, key), product(query + shift, key + shift), rel_tol=1e-5, abs_tol=1e-5)


def masked_attention(
    queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, seen: torch.Tensor
) -> torch.Tensor:
    """The formula, head by head: query heads share key heads in consecutive groups."""
    group = queries.shape[1] // keys.shape[1]
    heads = []
    for head in range(queries.shape[1]):
        scores = queries[:, head] @ keys[:, head // group].T / queries.shape[2] ** 0.5
        heads.append(scores.masked_fill(~seen, -torch.inf).softmax(-1) @ values[:, head // group])
    return torch.stack(heads, dim=1)


@given(
    st.integers(1, 90),
    st.one_of(st.none(), st.integers(1, 12)),
    st.booleans(),
    st.sampled_from([(4, 4), (4, 2), (4, 1)]),
    st.booleans(),
)
def test_attention_sees_what_it_is_to_see(
    tokens: int, window: int | None, causal: bool, heads: tuple[int, int], trained: bool
) -> None:
    """A window is inclusive on both sides; its blocks make no difference, nor another sequence beside it, nor
    whether gradients are wanted."""
    generator = torch.Generator().manual_seed(tokens)
    queries, keys, values = (
        torch.randn(2, tokens, count, 8, generator=generator) for count in (heads[0], heads[1], heads[1])
    )
    sight = Sight(window=window) if window else Sight(causal=causal)
    distance = torch.arange(tokens)[:, None] - torch.arange(tokens)
    seen = distance.abs() <= window if window else (distance >= 0) | (not causal)
    out = attend(queries.requires_grad_(trained), keys, values, sight)
    for sequence in range(2):
        expected = masked_attention(queries[sequence], keys[sequence], values[sequence], seen)
        torch.testing.assert_close(out[sequence], expected)


def random_parameters(module: Any) -> Any:
    for parameter in module.parameters():
        parameter.data.normal_(0, 0.5)
    return module.requires_grad_(False)


@pytest.mark.parametrize("lengths", [[7], [7, 7, 3], [2, 9, 9, 1]])
def test_packed_self_attention_equals_its_formula(lengths: list[int]) -> None:
    torch.manual_seed(0)
    attention = random_parameters(SelfAttention(12, AttentionShape(heads=4, kv_heads=2, head_dim=6), Sight(window=2)))
    table = rotation(9, 6, 1e4, device=CPU, dtype=torch.float32)
    x = torch.randn(sum(lengths), 12)
    expected = []
    for part in torch.split(x, lengths):
        turn = (table[0][: len(part), None], table[1][: len(part), None])
        weights = torch.split(attention.qkv_proj.weight, [24, 12, 12])
        queries, keys, values = (functional.linear(part, weight).view(len(part), -1, 6) for weight in weights)
        queries, keys = rotate(attention.q_norm(queries), turn), rotate(attention.k_norm(keys), turn)
        seen = (torch.arange(len(part))[:, None] - torch.arange(len(part))).abs() <= 2
        expected.append(attention.o_proj(masked_attention(queries, keys, values, seen).flatten(1)))
    out = attention(x, Packing.of(lengths, table))
    torch.testing.assert_close(out, torch.cat(expected), rtol=1e-5, atol=1e-5)


def test_attention_to_one_token_equals_attention_to_its_copies() -> None:
    """What lets the null condition be a single token."""
    torch.manual_seed(0)
    attention = random_parameters(CrossAttention(12, AttentionShape(heads=4, kv_heads=2, head_dim=6)))
    x, token = torch.randn(5, 12), torch.randn(1, 12)
    packing = Packing.of([5], rotation(5, 6, 1e4, device=CPU, dtype=torch.float32))
    one = attention(x, packing, [attention.keys_values(token)])
    many = attention(x, packing, [attention.keys_values(token.expand(9, 12))])
    torch.testing.assert_close(one, many, rtol=1e-5, atol=1e-5)


def test_the_mlp_equals_its_formula() -> None:
    torch.manual_seed(0)
    mlp, x = random_parameters(GatedMlp(4, 8)), torch.randn(3, 4)
    gate, up = mlp.gate_up_proj.weight.chunk(2)
    expected = (functional.silu(x @ gate.T) * (x @ up.T)) @ mlp.down_proj.weight.T
    torch.testing.assert_close(mlp(x), expected)
