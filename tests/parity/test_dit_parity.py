"""The transformer equals diffusers' on random weights, in float32."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.parity.tolerance import relative_error
from tests.parity.transformer_pair import Pair, transformer_pair
from tests.services.dit.tiny import TINY, XL, velocity

UNGROUPED = {**TINY, "num_key_value_heads": 4, "num_hidden_layers": 3}


@pytest.fixture(params=[TINY, XL, UNGROUPED], ids=["2b", "xl", "ungrouped"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Pair:
    return transformer_pair(request.param, tmp_path)


@pytest.mark.parametrize("batch", [1, 2, 3])
@pytest.mark.parametrize("frames", [1, 12, 13])
@pytest.mark.parametrize("tokens", [1, 9])
@pytest.mark.parametrize("interval", [0.0, 0.2], ids=["r=t", "r<t"])
@torch.inference_mode()
def test_velocity(pair: Pair, batch: int, frames: int, tokens: int, interval: float) -> None:
    generator = torch.Generator().manual_seed(frames)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator)

    latents, context = normal(batch, frames, 8), normal(batch, frames, 16)
    condition = normal(batch, tokens, pair.ours.config.encoder_hidden_size)
    levels = [0.9, 0.3, 1.0][:batch]
    t = torch.tensor(levels)
    theirs = pair.theirs(
        hidden_states=latents,
        timestep=t,
        timestep_r=t - interval,
        encoder_hidden_states=condition,
        context_latents=context,
        return_dict=False,
    )[0]
    ours = velocity(pair.ours, latents, context, condition, levels, interval)
    assert relative_error(ours, theirs) <= 1e-4


@torch.inference_mode()
def test_an_item_does_not_depend_on_its_batch(pair: Pair) -> None:
    latents, context, condition = torch.randn(3, 13, 8), torch.randn(3, 13, 16), torch.randn(3, 5, 32)
    levels = [0.9, 0.5, 0.1]
    together = velocity(pair.ours, latents, context, condition, levels)
    for item in range(3):
        one = slice(item, item + 1)
        alone = velocity(pair.ours, latents[one], context[one], condition[one], levels[one])
        assert relative_error(alone, together[one]) <= 1e-5


@torch.inference_mode()
def test_one_null_token_stands_for_all(pair: Pair) -> None:
    """diffusers repeats the null condition over the length of the condition; the velocity is the same."""
    latents, context, null = torch.randn(1, 13, 8), torch.randn(1, 13, 16), torch.randn(1, 1, 32)
    t = torch.tensor([0.7])
    one = velocity(pair.ours, latents, context, null, [0.7])
    theirs = pair.theirs(latents, t, t, null.expand(1, 9, 32), context, return_dict=False)[0]
    assert relative_error(one, theirs) <= 1e-4
