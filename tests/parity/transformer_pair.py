"""The same random transformer twice: ours, through a file and the stage's loading code, and diffusers'."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import AceStepTransformer1DModel
from safetensors.torch import save_file

from services.dit import checkpoint
from services.dit.model import DiffusionTransformer
from tests.parity.mapping import transformer_state
from tests.services.dit.tiny import CHANNELS, normal, weights

SILENCE = normal(9, 300, CHANNELS)


@dataclass(frozen=True)
class Pair:
    """Equal weights in both implementations."""

    ours: DiffusionTransformer
    theirs: Any


def transformer_pair(values: dict[str, Any], folder: Path) -> Pair:
    """Writes a variant into a folder and loads it on our side."""
    variant = folder / "variant"
    variant.mkdir()
    state = weights(values)
    (variant / "config.json").write_text(json.dumps(values))
    save_file(state, variant / "model.safetensors")
    torch.save(SILENCE.T[None].contiguous(), variant / "silence_latent.pt")
    loaded = checkpoint.load(folder, "variant", dtype=torch.float32, device=torch.device("cpu"))
    theirs = AceStepTransformer1DModel(**values)
    theirs.load_state_dict(transformer_state(state), strict=True)
    return Pair(loaded.model, theirs.eval())
