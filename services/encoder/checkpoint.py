"""What the encoder stage loads: the text encoder's folder, and of the DiT package all keys but the transformer's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from services.encoder.config import EncoderConfig
from services.encoder.model import DitPackageEncoder, EncoderModel
from services.encoder.text import TextEncoder
from services.encoder.tokenization import PromptTokenizer
from services.layers.linear import packs
from services.runtime.checkpoints import (
    CheckpointError,
    SafetensorsFolder,
    TensorReader,
    disk_shapes,
    load_module,
    read_json,
    read_silence_latents,
    revision,
)
from services.runtime.placement import at_first, place
from services.runtime.qwen3 import Qwen3Config

TEXT_ENCODER = "Qwen3-Embedding-0.6B"
CONFIG = "config.json"
PREFIXES = ("encoder.", "tokenizer.", "detokenizer.", "null_condition_emb")


@dataclass(frozen=True)
class LoadedEncoder:
    """The networks, the tokenizer, the sizes, and the digest of the files."""

    model: EncoderModel
    tokenizer: PromptTokenizer
    config: EncoderConfig
    revision: str


def load(
    models: Path, variant: str, *, dtype: torch.dtype, device: torch.device, budget: int | None = None
) -> LoadedEncoder:
    """Loads a variant of a model family, with at most `budget` bytes of weights on the device.

    Raises CheckpointError that names file, key, expected and found, or BudgetError.
    """
    folder, text_folder = models / variant, models / TEXT_ENCODER
    config = EncoderConfig.from_json(read_json(folder / CONFIG), str(folder / CONFIG))
    tensors = SafetensorsFolder(folder, dtype=None if packs(dtype, device) else dtype)
    with torch.device("meta"):
        package = DitPackageEncoder(config)
    load_module(package, OwnKeys(tensors), "", dtype=dtype, **at_first(device, budget))
    text_encoder, text_tensors = load_text_encoder(text_folder, dtype=dtype, device=device, budget=budget)
    if text_encoder.config.width != config.text_width:
        raise CheckpointError(
            f"{text_folder / CONFIG}: key hidden_size: expected {config.text_width}, the text_hidden_dim of "
            f"{folder / CONFIG}, found {text_encoder.config.width}"
        )
    if budget is not None:
        place([text_encoder, package], device, budget)
    silence = read_silence_latents(folder, config.latent_channels)
    files = (
        *(folder / name for name in (CONFIG, "silence_latent.pt")),
        *(text_folder / name for name in (CONFIG, "tokenizer.json")),
        *tensors.files,
        *text_tensors.files,
    )
    return LoadedEncoder(
        EncoderModel(text_encoder, package.eval(), silence),
        PromptTokenizer(text_folder / "tokenizer.json"),
        config,
        revision(files),
    )


def load_text_encoder(
    folder: Path, *, dtype: torch.dtype, device: torch.device, budget: int | None = None
) -> tuple[TextEncoder, SafetensorsFolder]:
    """The Qwen3 of a folder; its keys may or may not begin with "model."."""
    config = Qwen3Config.from_json(read_json(folder / CONFIG), str(folder / CONFIG))
    tensors = SafetensorsFolder(folder, dtype=None if packs(dtype, device) else dtype)
    prefix = "model." if any(key.startswith("model.") for key in tensors.shapes()) else ""
    with torch.device("meta"):
        model = TextEncoder(config)
    unused = ("lm_head.weight",)
    load_module(model, tensors, prefix, dtype=dtype, expected_unused=unused, **at_first(device, budget))
    return model.eval(), tensors


def tensor_shapes(config: EncoderConfig) -> dict[str, tuple[int, ...]]:
    """Shapes by key as on disk, of the DiT package."""
    with torch.device("meta"):
        package = DitPackageEncoder(config)
    return disk_shapes(package, "")


class OwnKeys:
    """Shows of a DiT package only the keys of this stage."""

    def __init__(self, tensors: TensorReader) -> None:
        self._tensors = tensors
        self._shapes = {key: shape for key, shape in tensors.shapes().items() if key.startswith(PREFIXES)}

    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Shape of every tensor by its key."""
        return self._shapes

    def location(self, key: str) -> str:
        """Where a key is or should be."""
        return self._tensors.location(key)

    def read(self, key: str) -> torch.Tensor:
        """The tensor, memory-mapped."""
        return self._tensors.read(key)
