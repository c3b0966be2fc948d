"""What the transformer keeps beside parity: locality, order, lengths, and nearness in bfloat16."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from services.dit.model import Branch
from tests.parity.tolerance import relative_error
from tests.services.dit.tiny import CHANNELS, CONDITION_WIDTH, TINY, XL, normal, transformer, velocity

MODEL = transformer(TINY)
NEAR = 1e-5
NEAR_IN_BFLOAT16 = 1e-2
LEVEL = (0.7,)


def inputs(frames: int, batch: int = 1) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Latents, context and condition."""
    latents, context = normal(1, batch, frames, CHANNELS), normal(2, batch, frames, 2 * CHANNELS)
    return latents, context, normal(3, batch, 9, CONDITION_WIDTH)


@pytest.mark.parametrize("frames", [1, 7, 13, 25])
def test_an_odd_length_takes_one_frame_of_zeros_in_all_channels(frames: int) -> None:
    latents, context, condition = inputs(frames)
    filled, filled_context = (functional.pad(part, (0, 0, 0, 1)) for part in (latents, context))
    odd, even = (
        velocity(MODEL, latents, context, condition, LEVEL),
        velocity(MODEL, filled, filled_context, condition, LEVEL),
    )
    assert relative_error(odd, even[:, :-1]) <= NEAR


@pytest.mark.parametrize(("kind", "reaches"), [("sliding_attention", False), ("full_attention", True)])
def test_sliding_layers_see_their_window_and_no_further(kind: str, reaches: bool) -> None:
    """Two layers with a window of three tokens reach six tokens, which are twelve frames."""
    model = transformer({**TINY, "num_hidden_layers": 2, "layer_types": [kind] * 2})
    latents, context, condition = inputs(40)
    moved = latents.clone()
    moved[:, 20:22] += 1
    difference = (
        velocity(model, moved, context, condition, LEVEL) - velocity(model, latents, context, condition, LEVEL)
    ).abs()
    changed = difference.amax((0, 2)) > 1e-6
    assert changed[8:34].all()
    assert changed[:8].any() == changed[34:].any() == reaches


def test_the_order_of_condition_tokens_carries_no_meaning() -> None:
    latents, context, condition = inputs(13)
    expected = velocity(MODEL, latents, context, condition, LEVEL)
    assert relative_error(velocity(MODEL, latents, context, condition.flip(1), LEVEL), expected) <= NEAR


def test_source_and_mask_come_before_the_noisy_latents() -> None:
    """With kernels that read the last channels alone, the context has no effect."""
    model = transformer(TINY)
    model.get_parameter("proj_in.1.weight")[:, : 2 * CHANNELS] = 0
    latents, context, condition = inputs(13)
    expected = velocity(model, latents, context, condition, LEVEL)
    assert torch.equal(velocity(model, latents, -context, condition, LEVEL), expected)
    assert not torch.equal(velocity(model, -latents, context, condition, LEVEL), expected)


@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=4))
def test_an_item_does_not_depend_on_its_batch(levels: list[float]) -> None:
    latents, context, condition = inputs(13, batch=len(levels))
    together = velocity(MODEL, latents, context, condition, levels)
    for index in range(len(levels)):
        one = slice(index, index + 1)
        alone = velocity(MODEL, latents[one], context[one], condition[one], levels[one])
        assert relative_error(alone, together[one]) <= NEAR


def test_in_bfloat16_an_item_hardly_depends_on_mates_of_other_lengths() -> None:
    """The tolerance of docs/dit.md: what bfloat16 itself rounds. Kernels may add in another order for other shapes."""
    model = transformer(TINY, torch.bfloat16)
    branches = [
        Branch(latents[0], context[0], model.cache_condition(condition[0]), level, level)
        for (latents, context, condition), level in zip(map(inputs, (125, 64, 250)), (0.7, 0.3, 0.95), strict=True)
    ]
    with torch.inference_mode():
        for branch, together in zip(branches, model(branches), strict=True):
            assert relative_error(together, model([branch])[0]) <= NEAR_IN_BFLOAT16


@pytest.mark.parametrize("values", [TINY, XL], ids=["2b", "xl"])
def test_bfloat16_stays_near_float32(values: dict[str, object]) -> None:
    """spec/model.md §8.1: compared by direction, not element by element."""
    given_inputs = inputs(64)
    exact = velocity(transformer(values), *given_inputs, LEVEL)
    rounded = velocity(transformer(values, torch.bfloat16), *given_inputs, LEVEL)
    assert functional.cosine_similarity(exact.flatten(), rounded.flatten(), dim=0) > 0.999
