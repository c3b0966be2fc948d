"""The stage reads its own prefix of the original layout, and says what is wrong with a checkpoint."""

from __future__ import annotations

import json
import logging
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from services.dit import checkpoint
from services.dit.config import DitConfig
from services.runtime.checkpoints import CheckpointError
from tests.services.dit.tiny import TINY, XL, normal, weights
from training.model_configs import FULL, dit_config

VARIANT = "acestep-v15-turbo"
FLOAT32: dict[str, Any] = {"dtype": torch.float32, "device": torch.device("cpu")}
PUBLIC = dit_config(FULL, "turbo", "bfloat16")
PUBLIC_XL = {
    **PUBLIC,
    "hidden_size": 2560,
    "intermediate_size": 9728,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "encoder_hidden_size": 2048,
    "layer_types": None,
}


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A family with the DiT's side of one variant."""
    folder = tmp_path / VARIANT
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(TINY))
    save_file({**weights(TINY), "encoder.text_projector.weight": torch.ones(1)}, folder / "model.safetensors")
    torch.save(normal(0, 1, 8, 300), folder / "silence_latent.pt")
    return tmp_path


@pytest.mark.parametrize(
    ("values", "tensors", "parameters"),
    [(PUBLIC, 20 + 24 * 19, 1_575_458_880), (PUBLIC_XL, 20 + 32 * 19, 4_168_897_088)],
    ids=["2b", "xl"],
)
def test_sizes_of_the_public_models(values: dict[str, Any], tensors: int, parameters: int) -> None:
    """spec/model.md §3.2."""
    shapes = checkpoint.tensor_shapes(DitConfig.from_json(values))
    assert len(shapes) == tensors
    assert sum(math.prod(shape) for shape in shapes.values()) == parameters


def test_keys_are_those_of_the_original_checkpoints() -> None:
    """spec/model.md §2.7, with the XL flavour, whose heads are wider than its stream."""
    shapes = checkpoint.tensor_shapes(DitConfig.from_json(XL))
    assert shapes["decoder.proj_in.1.weight"] == (48, 24, 2)
    assert shapes["decoder.proj_out.1.weight"] == (48, 8, 2)
    assert shapes["decoder.condition_embedder.weight"] == (48, 32)
    assert shapes["decoder.time_embed.linear_1.weight"] == (48, 256)
    assert shapes["decoder.time_embed_r.time_proj.bias"] == (6 * 48,)
    assert shapes["decoder.scale_shift_table"] == (1, 2, 48)
    assert shapes["decoder.layers.3.scale_shift_table"] == (1, 6, 48)
    assert shapes["decoder.layers.3.self_attn.q_proj.weight"] == (64, 48)
    assert shapes["decoder.layers.0.cross_attn.k_norm.weight"] == (16,)
    assert shapes["decoder.layers.0.mlp.down_proj.weight"] == (48, 80)


def test_a_model_and_its_silence(models: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Keys under the prefixes of other stages are none of this one's business."""
    with caplog.at_level(logging.WARNING):
        loaded = checkpoint.load(models, VARIANT, **FLOAT32)
    state, written = loaded.model.state_dict(), weights(TINY)
    assert torch.equal(state["norm_out.weight"], written["decoder.norm_out.weight"])
    joined = [written[f"decoder.layers.0.self_attn.{part}_proj.weight"] for part in "qkv"]
    assert torch.equal(state["layers.0.self_attn.qkv_proj.weight"], torch.cat(joined))
    assert sum(tensor.numel() for tensor in state.values()) == sum(tensor.numel() for tensor in written.values())
    assert torch.equal(loaded.silence, normal(0, 1, 8, 300)[0].T)
    assert not caplog.records


def test_weights_come_in_the_type_that_is_computed_in(models: Path) -> None:
    loaded = checkpoint.load(models, VARIANT, dtype=torch.bfloat16, device=torch.device("cpu"))
    assert {parameter.dtype for parameter in loaded.model.parameters()} == {torch.bfloat16}
    assert loaded.silence.dtype == torch.float32


def test_the_revision_changes_with_every_file(models: Path) -> None:
    def revision() -> str:
        return checkpoint.load(models, VARIANT, **FLOAT32).revision

    first = revision()
    assert revision() == first
    save_file(weights(TINY, seed=2), models / VARIANT / "model.safetensors")
    second = revision()
    torch.save(normal(1, 1, 8, 300), models / VARIANT / "silence_latent.pt")
    third = revision()
    (models / VARIANT / "config.json").write_text(json.dumps({**TINY, "is_turbo": False}))
    assert len({first, second, third, revision()}) == 4


def test_missing_and_misshapen_keys_are_named(models: Path) -> None:
    state = weights(TINY)
    del state["decoder.time_embed_r.linear_1.bias"]
    state["decoder.norm_out.weight"] = torch.ones(33)
    save_file(state, models / VARIANT / "model.safetensors")
    with pytest.raises(CheckpointError) as refused:
        checkpoint.load(models, VARIANT, **FLOAT32)
    message = str(refused.value)
    assert "model.safetensors: key decoder.time_embed_r.linear_1.bias: expected [32], found nothing" in message
    assert "model.safetensors: key decoder.norm_out.weight: expected [32], found [33]" in message


def test_unexpected_keys_of_its_own_are_named_in_a_warning(models: Path, caplog: pytest.LogCaptureFixture) -> None:
    save_file({**weights(TINY), "decoder.extra": torch.ones(1)}, models / VARIANT / "model.safetensors")
    with caplog.at_level(logging.WARNING):
        checkpoint.load(models, VARIANT, **FLOAT32)
    assert "decoder.extra" in caplog.text


def test_silence_of_another_width_is_refused(models: Path) -> None:
    torch.save(torch.zeros(1, 9, 300), models / VARIANT / "silence_latent.pt")
    with pytest.raises(CheckpointError, match=r"silence_latent\.pt: expected \[1, 8, frames\], found \[1, 9, 300\]"):
        checkpoint.load(models, VARIANT, **FLOAT32)


def test_a_variant_that_is_not_there(models: Path) -> None:
    with pytest.raises(CheckpointError, match=r"acestep-v15-sft/config\.json: there is no such file"):
        checkpoint.load(models, "acestep-v15-sft", **FLOAT32)
