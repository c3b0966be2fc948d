"""The transformer equals diffusers' on random weights, in float32."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import AceStepTransformer1DModel
from safetensors.torch import save_file

from services.dit.checkpoint import PREFIX, tensor_shapes
from services.dit.config import DitConfig
from services.dit.model import DiffusionTransformer
from services.runtime.checkpoints import SafetensorsFolder, load_module
from tests.parity.mapping import transformer_state
from tests.parity.tolerance import relative_error
from training.random_weights import random_tensor

TINY: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 56,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "in_channels": 24,
    "audio_acoustic_hidden_dim": 8,
    "patch_size": 2,
    "sliding_window": 3,
    "rope_theta": 1e6,
    "is_turbo": True,
}
XL = {**TINY, "hidden_size": 48, "intermediate_size": 80, "encoder_hidden_size": 32}
UNGROUPED = {**TINY, "num_key_value_heads": 4, "num_hidden_layers": 3}


@dataclass(frozen=True)
class Pair:
    """The same weights in both implementations."""

    ours: DiffusionTransformer
    theirs: Any


@pytest.fixture(params=[TINY, XL, UNGROUPED], ids=["2b", "xl", "ungrouped"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Pair:
    """Our side goes through a file and the loading code of the stage."""
    values = request.param
    config = DitConfig.from_json(values)
    state = {key: random_tensor(key, shape, seed=1) for key, shape in tensor_shapes(config).items()}
    save_file(state, tmp_path / "model.safetensors")
    with torch.device("meta"):
        ours = DiffusionTransformer(config)
    load_module(ours, SafetensorsFolder(tmp_path), PREFIX, dtype=torch.float32, device=torch.device("cpu"))
    theirs = AceStepTransformer1DModel(**values)
    theirs.load_state_dict(transformer_state(state), strict=True)
    return Pair(ours, theirs.eval())


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
    t = torch.tensor([0.9, 0.3, 1.0])[:batch]
    theirs = pair.theirs(
        hidden_states=latents,
        timestep=t,
        timestep_r=t - interval,
        encoder_hidden_states=condition,
        context_latents=context,
        return_dict=False,
    )[0]
    ours = pair.ours(
        latents, context, pair.ours.cache_condition(condition), t, pair.ours.geometry(frames), r=t - interval
    )
    assert relative_error(ours, theirs) <= 1e-4


@torch.inference_mode()
def test_an_item_does_not_depend_on_its_batch(pair: Pair) -> None:
    latents, context, condition = torch.randn(3, 13, 8), torch.randn(3, 13, 16), torch.randn(3, 5, 32)
    t, geometry = torch.tensor([0.9, 0.5, 0.1]), pair.ours.geometry(13)
    together = pair.ours(latents, context, pair.ours.cache_condition(condition), t, geometry)
    for item in range(3):
        one = slice(item, item + 1)
        alone = pair.ours(latents[one], context[one], pair.ours.cache_condition(condition[one]), t[one], geometry)
        assert relative_error(alone, together[one]) <= 1e-5


@torch.inference_mode()
def test_one_null_token_stands_for_all(pair: Pair) -> None:
    """diffusers repeats the null condition over the length of the condition; the velocity is the same."""
    latents, context, null = torch.randn(1, 13, 8), torch.randn(1, 13, 16), torch.randn(1, 1, 32)
    t = torch.tensor([0.7])
    one = pair.ours(latents, context, pair.ours.cache_condition(null), t, pair.ours.geometry(13))
    theirs = pair.theirs(latents, t, t, null.expand(1, 9, 32), context, return_dict=False)[0]
    assert relative_error(one, theirs) <= 1e-4
