"""The codec equals diffusers' AutoencoderOobleck on random weights, in float32."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import AutoencoderOobleck
from safetensors.torch import save_file

from services.vae import checkpoint
from services.vae.config import VaeConfig
from services.vae.model import Oobleck
from tests.parity.tolerance import relative_error
from training.random_weights import random_tensor

TINY: dict[str, Any] = {
    "audio_channels": 2,
    "channel_multiples": [1, 2, 4, 8, 16],
    "decoder_channels": 4,
    "decoder_input_channels": 2,
    "downsampling_ratios": [2, 4, 4, 6, 10],
    "encoder_hidden_size": 4,
    "sampling_rate": 48000,
}
SHALLOW = {**TINY, "channel_multiples": [1, 2], "downsampling_ratios": [2, 4], "decoder_channels": 6}


@dataclass(frozen=True)
class Pair:
    """The same weights in both implementations."""

    ours: Oobleck
    theirs: Any


@pytest.fixture(params=[TINY, SHALLOW], ids=["hop 1920", "hop 8"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Pair:
    """Our side goes through a file and the loading code of the stage."""
    shapes = checkpoint.tensor_shapes(VaeConfig.from_json(request.param))
    state = {key: random_tensor(key, shape, seed=2) for key, shape in shapes.items()}
    folder = tmp_path / "vae"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(request.param))
    save_file(state, folder / checkpoint.WEIGHTS)
    ours = checkpoint.load(tmp_path, dtype=torch.float32, device=torch.device("cpu")).model
    theirs = AutoencoderOobleck(**request.param)
    theirs.load_state_dict(state, strict=True)
    return Pair(ours, theirs.eval())


@pytest.mark.parametrize("batch", [1, 2, 3])
@pytest.mark.parametrize("frames", [1, 8, 13])
@torch.inference_mode()
def test_decoder(pair: Pair, batch: int, frames: int) -> None:
    latents = torch.randn(batch, frames, 2, generator=torch.Generator().manual_seed(frames))
    theirs = pair.theirs.decode(latents.transpose(1, 2)).sample.transpose(1, 2)
    assert relative_error(pair.ours.decode(latents), theirs) <= 1e-4


@pytest.mark.parametrize("batch", [1, 2, 3])
@pytest.mark.parametrize("tail", [0, 5])
@pytest.mark.parametrize("frames", [1, 8, 13])
@torch.inference_mode()
def test_encoder(pair: Pair, batch: int, frames: int, tail: int) -> None:
    samples = frames * pair.ours.config.hop + tail
    pcm = torch.randn(batch, samples, 2, generator=torch.Generator().manual_seed(frames))
    theirs = pair.theirs.encode(pcm.transpose(1, 2)).latent_dist
    ours = pair.ours.encode(pcm)
    assert relative_error(ours.mean, theirs.mean.transpose(1, 2)) <= 1e-4
    assert relative_error(ours.std, theirs.std.transpose(1, 2)) <= 1e-4
