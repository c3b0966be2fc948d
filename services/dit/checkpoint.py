"""What the DiT stage loads: `decoder.` of the variant's safetensors, its config and its silence latents."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from services.dit.config import DitConfig
from services.dit.model import DiffusionTransformer
from services.layers.linear import packs
from services.layers.quantization import WeightForm
from services.runtime.checkpoints import (
    SafetensorsFolder,
    disk_shapes,
    load_module,
    read_json,
    read_silence_latents,
    revision,
)
from services.runtime.placement import at_first, place

CONFIG = "config.json"
PREFIX = "decoder."


@dataclass(frozen=True)
class LoadedDit:
    """The transformer, the latents of silence [frames, channels] in float32, and the digest of the files."""

    model: DiffusionTransformer
    silence: torch.Tensor
    revision: str


def load(
    models: Path,
    variant: str,
    *,
    dtype: torch.dtype,
    device: torch.device,
    form: WeightForm = WeightForm.FULL,
    budget: int | None = None,
) -> LoadedDit:
    """Loads a variant of a model family, with at most `budget` bytes of weights on the device.

    Raises CheckpointError that names file, key, expected and found, or BudgetError.
    """
    folder = models / variant
    config = DitConfig.from_json(read_json(folder / CONFIG), str(folder / CONFIG))
    tensors = SafetensorsFolder(folder, dtype=None if packs(dtype, device) else dtype)
    with torch.device("meta"):
        model = DiffusionTransformer(config)
    load_module(model, tensors, PREFIX, dtype=dtype, form=form, **at_first(device, budget))
    if budget is not None:
        place([model], device, budget)
    silence = read_silence_latents(folder, config.audio_acoustic_hidden_dim)
    return LoadedDit(model.eval(), silence, revision((folder / CONFIG, folder / "silence_latent.pt", *tensors.files)))


def tensor_shapes(config: DitConfig) -> dict[str, tuple[int, ...]]:
    """Shapes by key as on disk."""
    with torch.device("meta"):
        model = DiffusionTransformer(config)
    return disk_shapes(model, PREFIX)
