"""A trained DiT package and its text encoder as folders of the original layout."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from services.encoder.checkpoint import TEXT_ENCODER
from services.encoder.text import TextEncoder
from training.dit.network import SongModel
from training.latents import tiled
from training.weights import original_tensors, write_weights


def write_package(
    models: Path, variant: str, model: SongModel, config: dict[str, Any], silence: torch.Tensor, frames: int
) -> None:
    """Writes `models/variant`: weights, config, and so many frames of silence, which bound the length of songs."""
    folder = models / variant
    folder.mkdir(parents=True, exist_ok=True)
    write_weights(folder, {**original_tensors(model.package), **original_tensors(model.decoder, "decoder.")})
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", "utf-8")
    torch.save(tiled(silence, frames).T[None].to(torch.float16).contiguous(), folder / "silence_latent.pt")


def write_text_encoder(models: Path, model: TextEncoder, config: dict[str, Any]) -> None:
    """Writes weights and config of the text encoder; its tokenizer is there already."""
    folder = models / TEXT_ENCODER
    write_weights(folder, original_tensors(model))
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", "utf-8")
