"""diffusers' networks and pipeline with the weights of a family in the original layout, in bfloat16."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AceStepPipeline,
    AceStepTransformer1DModel,
    AutoencoderOobleck,
    FlowMatchEulerDiscreteScheduler,
)
from diffusers.pipelines.ace_step import AceStepConditionEncoder
from safetensors import safe_open
from transformers import AutoTokenizer, Qwen3Model

from services.dit import checkpoint as dit_checkpoint
from services.dit.config import DitConfig
from services.encoder.checkpoint import TEXT_ENCODER
from services.runtime.checkpoints import read_json, read_silence_latents
from services.vae import checkpoint as vae_checkpoint
from tests.parity.mapping import condition_encoder_state, transformer_state

VARIANT = "acestep-v15-turbo"
_CONDITION_KEYS = ("encoder.", "null_condition_emb")


def write_where_absent(models: Path) -> None:
    """A random family of full size (about 6.3 GB), unless the folder has one."""
    if not (models / VARIANT / "model.safetensors").exists():
        from training.random_checkpoint import write_full_size

        write_full_size(models)


def transformer(models: Path, device: torch.device) -> Any:
    """The diffusion transformer."""
    values = read_json(models / VARIANT / "config.json")
    state = _tensors(models, tuple(dit_checkpoint.tensor_shapes(DitConfig.from_json(values))))
    with torch.device("meta"):
        model = AceStepTransformer1DModel(**_taken(AceStepTransformer1DModel, values))
    model.load_state_dict(transformer_state(state), strict=True, assign=True)
    return model.to(device).eval()


def text_encoder(models: Path, device: torch.device) -> Any:
    """transformers' Qwen3."""
    model: Any = Qwen3Model.from_pretrained(models / TEXT_ENCODER, dtype=torch.bfloat16)
    return model.to(device).eval()


def condition_encoder(models: Path, device: torch.device) -> Any:
    """The encoder of lyrics, timbre and text."""
    values = read_json(models / VARIANT / "config.json")
    silence = read_silence_latents(models / VARIANT, values["audio_acoustic_hidden_dim"])
    model = AceStepConditionEncoder(**_taken(AceStepConditionEncoder, values, "layer_types"))  # those are of the DiT
    model = model.to(torch.bfloat16)
    model.load_state_dict(condition_encoder_state(_tensors(models, _CONDITION_KEYS), silence), strict=True)
    return model.to(device).eval()


def codec(models: Path, device: torch.device) -> Any:
    """The Oobleck codec."""
    model: Any = AutoencoderOobleck.from_pretrained(models / vae_checkpoint.FOLDER, torch_dtype=torch.bfloat16)
    return model.to(device).eval()


def pipeline(models: Path, device: torch.device) -> Any:
    """The whole pipeline."""
    whole = AceStepPipeline(
        vae=codec(models, device),
        text_encoder=text_encoder(models, device),
        tokenizer=AutoTokenizer.from_pretrained(models / TEXT_ENCODER),
        transformer=transformer(models, device),
        condition_encoder=condition_encoder(models, device),
        scheduler=FlowMatchEulerDiscreteScheduler(num_train_timesteps=1, shift=1.0),
    )
    whole.set_progress_bar_config(disable=True)
    return whole


def _tensors(models: Path, prefixes: tuple[str, ...]) -> dict[str, torch.Tensor]:
    with safe_open(models / VARIANT / "model.safetensors", framework="pt") as tensors:
        return {key: tensors.get_tensor(key) for key in tensors.keys() if key.startswith(prefixes)}  # noqa: SIM118


def _taken(model: type, values: dict[str, Any], *left: str) -> dict[str, Any]:
    """The values that a model's constructor knows."""
    names = set(inspect.signature(model).parameters) - set(left)
    return {name: value for name, value in values.items() if name in names}
