"""Writes a trained codec as `services.vae` and the original applications load it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import torch

from services.vae.checkpoint import CONFIG, FOLDER, WEIGHTS
from training.safetensors_stream import write_safetensors
from training.vae.network import Tensors, TrainableCodec


def write_codec(models: Path, codec: TrainableCodec, weights: Tensors, latent_std: float, dtype: torch.dtype) -> None:
    """Writes `vae/config.json` and the weights of a model family, its latents divided by their standard deviation."""
    folder = models / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    config = {"_class_name": "AutoencoderOobleck", **asdict(codec.config)}
    (folder / CONFIG).write_text(json.dumps(config, indent=2) + "\n", "utf-8")
    whole = with_unit_latents(codec.complete(weights), latent_std)
    shapes = {key: tuple(tensor.shape) for key, tensor in whole.items()}
    write_safetensors(folder / WEIGHTS, shapes, dtype, lambda key, _: whole[key])


def with_unit_latents(weights: Mapping[str, torch.Tensor], latent_std: float) -> dict[str, torch.Tensor]:
    """The same codec with latents divided by a constant, in the encoder's last and the decoder's first convolution.

    Standard deviations of the posterior, softplus(scale), are those of small values, exp(scale), within their size.
    """
    gain, bias = weights["encoder.conv2.weight_g"].clone(), weights["encoder.conv2.bias"].clone()
    means = len(bias) // 2
    gain[:means] /= latent_std
    bias[:means] /= latent_std
    bias[means:] -= torch.log(torch.tensor(latent_std))
    return {
        **weights,
        "encoder.conv2.weight_g": gain,
        "encoder.conv2.bias": bias,
        "decoder.conv1.weight_g": weights["decoder.conv1.weight_g"] * latent_std,
    }
