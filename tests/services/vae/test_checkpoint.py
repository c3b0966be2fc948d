"""Weight norm is folded over the right axis, and a codec that does not fit is refused by its original keys."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from services.runtime.checkpoints import CheckpointError
from services.vae import checkpoint
from services.vae.config import VaeConfig

CPU: dict[str, Any] = {"dtype": torch.float32, "device": torch.device("cpu")}


@pytest.fixture
def models(tiny_models: Path, tmp_path: Path) -> Path:
    shutil.copytree(tiny_models / "vae", tmp_path / "vae")
    return tmp_path


def change(models: Path, **tensors: torch.Tensor | None) -> None:
    file = models / "vae" / checkpoint.WEIGHTS
    changed = {**load_file(file), **{key.replace("__", "."): tensor for key, tensor in tensors.items()}}
    save_file({key: tensor for key, tensor in changed.items() if tensor is not None}, file)


def test_kernels_are_gain_times_direction(models: Path) -> None:
    stored = load_file(models / "vae" / checkpoint.WEIGHTS)
    loaded = checkpoint.load(models, **CPU).model
    kernels = {}
    for key in ("encoder.conv1", "decoder.block.0.conv_t1"):
        gain, direction = stored[f"{key}.weight_g"].float(), stored[f"{key}.weight_v"].float()
        kernels[key] = torch._weight_norm(direction, gain, 0)
    plain, transposed = (loaded.get_parameter(f"{key}.weight").data for key in kernels)
    torch.testing.assert_close(plain[..., 0], kernels["encoder.conv1"])
    assert transposed.norm().item() == pytest.approx(kernels["decoder.block.0.conv_t1"].norm().item())


def test_a_transposed_kernel_is_normalised_over_its_input_axis(models: Path) -> None:
    shapes = checkpoint.tensor_shapes(VaeConfig.from_json(json.loads((models / "vae/config.json").read_text())))
    gain, direction = shapes["decoder.block.0.conv_t1.weight_g"], shapes["decoder.block.0.conv_t1.weight_v"]
    assert gain == (direction[0], 1, 1)
    assert direction[0] > direction[1]


def test_original_keys_are_named(models: Path) -> None:
    change(models, encoder__conv1__weight_g=torch.zeros(3, 1, 1), decoder__conv2__weight_v=None)
    with pytest.raises(CheckpointError) as refused:
        checkpoint.load(models, **CPU)
    message = str(refused.value)
    assert (
        "diffusion_pytorch_model.safetensors: key encoder.conv1.weight_g: expected [16, 1, 1], found [3, 1, 1]"
        in message
    )
    assert "key decoder.conv2.weight_v: expected [2, 8, 7], found nothing" in message


def test_every_bad_value_of_the_config_is_named(models: Path) -> None:
    file = models / "vae" / "config.json"
    values = {**json.loads(file.read_text()), "sampling_rate": "fast", "channel_multiples": []}
    file.write_text(json.dumps(values))
    with pytest.raises(CheckpointError) as refused:
        checkpoint.load(models, **CPU)
    assert "key sampling_rate: expected a positive whole number, found fast" in str(refused.value)
    assert "key channel_multiples" in str(refused.value)


@pytest.mark.parametrize(
    ("key", "value"),
    [("downsampling_ratios", [2, 4, 4, 6, 5]), ("encoder_hidden_size", 20), ("channel_multiples", [1])],
)
def test_sizes_must_agree(models: Path, key: str, value: object) -> None:
    file = models / "vae" / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), key: value}))
    with pytest.raises(CheckpointError, match=f"key {key}: expected"):
        checkpoint.load(models, **CPU)
