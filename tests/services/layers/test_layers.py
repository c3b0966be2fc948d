"""The shared blocks equal their formulas written out."""

from __future__ import annotations

import math

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from services.layers.attention import Attention, AttentionShape, attend, band_mask
from services.layers.mlp import SwiGLU
from services.layers.norm import RMSNorm
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


@given(st.integers(1, 40), st.integers(0, 12))
def test_band_mask_is_inclusive_on_both_sides(tokens: int, window: int) -> None:
    mask = band_mask(tokens, window, CPU)
    visible = torch.ones(tokens, tokens, dtype=torch.bool) if mask is None else mask
    assert all(bool(visible[i, j]) == (abs(i - j) <= window) for i in range(tokens) for j in range(tokens))


@given(st.integers(1, 90), st.integers(1, 12), st.sampled_from([(4, 4), (4, 2), (4, 1)]))
def test_a_window_in_blocks_equals_a_mask_over_everything(tokens: int, window: int, heads: tuple[int, int]) -> None:
    generator = torch.Generator().manual_seed(tokens)
    queries, keys, values = (
        torch.randn(tokens, count, 8, generator=generator) for count in (heads[0], heads[1], heads[1])
    )
    group = heads[0] // heads[1]
    masked = functional.scaled_dot_product_attention(
        queries.transpose(0, 1),
        keys.repeat_interleave(group, dim=1).transpose(0, 1),
        values.repeat_interleave(group, dim=1).transpose(0, 1),
        attn_mask=band_mask(tokens, window, CPU),
    )
    torch.testing.assert_close(attend(queries, keys, values, window=window), masked.transpose(0, 1))


def test_attention_equals_its_formula() -> None:
    """Query heads share key heads in consecutive groups; the softmax is scaled by the head dimension."""
    torch.manual_seed(0)
    attention = Attention(12, AttentionShape(heads=4, kv_heads=2, head_dim=6)).requires_grad_(False)
    for parameter in attention.parameters():
        parameter.normal_(0, 0.5)
    x, positions = torch.randn(2, 7, 12), rotation(7, 6, 1e4, device=CPU, dtype=torch.float32)
    mask = band_mask(7, 2, CPU)
    assert mask is not None

    def head(projection: torch.nn.Linear, index: int, norm: RMSNorm | None) -> torch.Tensor:
        part = projection(x)[..., 6 * index : 6 * index + 6]
        return part if norm is None else rotate(norm(part), positions)

    heads = []
    for index in range(4):
        queries, keys = (
            head(attention.q_proj, index, attention.q_norm),
            head(attention.k_proj, index // 2, attention.k_norm),
        )
        scores = (queries @ keys.transpose(1, 2)) / 6**0.5
        weights = scores.masked_fill(~mask, -torch.inf).softmax(-1)
        heads.append(weights @ head(attention.v_proj, index // 2, None))
    torch.testing.assert_close(
        attention(x, positions, mask), attention.o_proj(torch.cat(heads, -1)), rtol=1e-5, atol=1e-5
    )


def test_attention_to_one_token_equals_attention_to_its_copies() -> None:
    """What lets the null condition be a single token."""
    torch.manual_seed(0)
    attention = Attention(12, AttentionShape(heads=4, kv_heads=2, head_dim=6))
    x, token = torch.randn(1, 5, 12), torch.randn(1, 1, 12)
    one = attention.cross(x, attention.keys_values(token))
    many = attention.cross(x, attention.keys_values(token.expand(1, 9, 12)))
    torch.testing.assert_close(one, many, rtol=1e-5, atol=1e-6)


def test_swiglu_equals_its_formula() -> None:
    torch.manual_seed(0)
    mlp, x = SwiGLU(4, 8), torch.randn(3, 4)
    expected = (functional.silu(x @ mlp.gate_proj.weight.T) * (x @ mlp.up_proj.weight.T)) @ mlp.down_proj.weight.T
    torch.testing.assert_close(mlp(x), expected)
