"""What the VAE stage loads: `vae/config.json` and `vae/diffusion_pytorch_model.safetensors`, weight norm folded in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from services.runtime.checkpoints import (
    SafetensorsFolder,
    TensorReader,
    check_tensors,
    load_module,
    read_json,
    revision,
)
from services.vae.config import VaeConfig
from services.vae.model import Oobleck

FOLDER = "vae"
CONFIG = "config.json"
WEIGHTS = "diffusion_pytorch_model.safetensors"
_GAIN, _DIRECTION, _WEIGHT = ".weight_g", ".weight_v", ".weight"


@dataclass(frozen=True)
class LoadedVae:
    """The codec and the digest of its files."""

    model: Oobleck
    revision: str


def load(models: Path, *, dtype: torch.dtype, device: torch.device) -> LoadedVae:
    """Loads the codec of a model family. Raises CheckpointError that names file, key, expected and found."""
    folder = models / FOLDER
    config = VaeConfig.from_json(read_json(folder / CONFIG), str(folder / CONFIG))
    tensors = SafetensorsFolder(folder, WEIGHTS)
    shapes = tensor_shapes(config)
    check_tensors(shapes, tensors, "")
    with torch.device("meta"):
        model = Oobleck(config)
    load_module(model, FoldedWeightNorm(tensors, shapes), "", dtype=dtype, device=device)
    return LoadedVae(model.eval(), revision((folder / CONFIG, *tensors.files)))


def tensor_shapes(config: VaeConfig) -> dict[str, tuple[int, ...]]:
    """Shapes by key as on disk: every kernel as gain [first axis, 1, 1] and direction."""
    with torch.device("meta"):
        model = Oobleck(config)
    shapes: dict[str, tuple[int, ...]] = {}
    for name, parameter in model.named_parameters():
        shape = tuple(parameter.shape)
        if name.endswith(_WEIGHT):
            stem = name.removesuffix(_WEIGHT)
            shapes[stem + _GAIN] = (shape[0], 1, 1)
            shapes[stem + _DIRECTION] = shape
        else:
            shapes[name] = shape
    return shapes


class FoldedWeightNorm:
    """Presents each pair of gain and direction as the one kernel g * v / |v|.

    The norm is over all axes but the first, also where that is the input axis: in transposed convolutions.
    """

    def __init__(self, tensors: TensorReader, shapes: Mapping[str, tuple[int, ...]]) -> None:
        self._tensors = tensors
        self._shapes = {
            key.removesuffix(_DIRECTION) + _WEIGHT if key.endswith(_DIRECTION) else key: shape
            for key, shape in shapes.items()
            if not key.endswith(_GAIN)
        }

    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Shape of every tensor by its key, kernels as one."""
        return self._shapes

    def location(self, key: str) -> str:
        """Where a key is or should be."""
        return self._tensors.location(key.removesuffix(_WEIGHT) + _DIRECTION if key.endswith(_WEIGHT) else key)

    def read(self, key: str) -> torch.Tensor:
        """The tensor; kernels are folded in float32."""
        if not key.endswith(_WEIGHT):
            return self._tensors.read(key)
        stem = key.removesuffix(_WEIGHT)
        gain = self._tensors.read(stem + _GAIN).float()
        kernel = self._tensors.read(stem + _DIRECTION).to(torch.float32, copy=True)
        norm: torch.Tensor = kernel.flatten(1).norm(dim=1)[:, None, None]
        return kernel.mul_(gain / norm)
