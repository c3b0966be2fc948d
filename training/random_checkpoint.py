"""Random model families in the original layout: tiny ones for tests and demonstrations, one of full size for measuring.

The same seed gives the same bytes. What such a family makes is noise, but through every code path of the real one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import torch

from services.dit import checkpoint as dit_checkpoint
from services.dit.config import DitConfig
from services.encoder import checkpoint as encoder_checkpoint
from services.encoder.config import EncoderConfig
from services.vae import checkpoint as vae_checkpoint
from services.vae.config import VaeConfig
from training.model_configs import (
    FRAMES_OF_SILENCE,
    FULL,
    FULL_TEXT_VOCABULARY,
    TINY,
    TINY_PLANNER,
    TINY_XL,
    Config,
    FamilySize,
    TransformerSize,
    dit_config,
    qwen3_config,
    qwen3_shapes,
    vae_config,
)
from training.qwen_tokenizer import write_qwen_tokenizer
from training.random_weights import random_tensor
from training.safetensors_stream import Fill, write_safetensors, write_shards
from training.tiny_tokenizer import END_OF_TEXT, END_OF_TURN, audio_code_tokens, write_tiny_tokenizer

TEXT_ENCODER = "Qwen3-Embedding-0.6B"
PLANNERS = ("acestep-5Hz-lm-1.7B", "acestep-5Hz-lm-0.6B")
WEIGHTS = "model.safetensors"

TINY_SCALE = 0.15
FULL_SCALE = 0.02
SILENCE_SCALE = 0.5


def write_tiny_family(folder: Path, seed: int = 0, *, xl: bool = False) -> None:
    """Writes a tiny turbo and base model, codec, text encoder and planners; with `xl` also the tiny xl-turbo model.

    The DiT, codec and text encoder fit together and sample from one second up.
    """
    random = _Random(seed, TINY_SCALE)
    _write_dit(folder / "acestep-v15-turbo", TINY, "turbo", random)
    _write_dit(folder / "acestep-v15-base", TINY, "base", random)
    if xl:
        _write_dit(folder / "acestep-v15-xl-turbo", TINY_XL, "turbo", random, dtype=torch.float32, shards=2)
    _write_vae(folder, TINY, random)
    text_encoder = _made(folder / TEXT_ENCODER)
    ids = write_tiny_tokenizer(text_encoder, append_end_of_text=True)
    _write_qwen3(text_encoder, TINY.text, len(ids), ids[END_OF_TEXT], ids[END_OF_TEXT], random)
    for name in PLANNERS:
        planner = _made(folder / name)
        ids = write_tiny_tokenizer(planner, append_end_of_text=False, extra_tokens=audio_code_tokens())
        _write_qwen3(planner, TINY_PLANNER, len(ids), ids[END_OF_TEXT], ids[END_OF_TURN], random)


def write_full_size(folder: Path, seed: int = 0) -> None:
    """Writes a turbo model, codec and text encoder of full size in bfloat16, about 6.3 GB, one tensor at a time.

    The text encoder has the tiny tokenizer, whose ids its vocabulary covers.
    """
    random = _Random(seed, FULL_SCALE)
    _write_dit(folder / "acestep-v15-turbo", FULL, "turbo", random)
    _write_vae(folder, FULL, random)
    text_encoder = _made(folder / TEXT_ENCODER)
    ids = write_tiny_tokenizer(text_encoder, append_end_of_text=True)
    _write_qwen3(text_encoder, FULL.text, FULL_TEXT_VOCABULARY, ids[END_OF_TEXT], ids[END_OF_TEXT], random)


def write_planner(folder: Path, size: TransformerSize, seed: int = 0) -> None:
    """Writes one planner in bfloat16 with the id layout of Qwen's tokenizer, one tensor at a time."""
    ids = write_qwen_tokenizer(_made(folder))
    _write_qwen3(folder, size, len(ids), ids[END_OF_TEXT], ids[END_OF_TURN], _Random(seed, FULL_SCALE))


def _write_dit(
    folder: Path,
    size: FamilySize,
    model_version: str,
    random: _Random,
    *,
    dtype: torch.dtype = torch.bfloat16,
    shards: int = 1,
) -> None:
    _made(folder)
    config = dit_config(size, model_version, str(dtype).removeprefix("torch."))
    _write_json(folder / "config.json", config)
    shapes = {
        **encoder_checkpoint.tensor_shapes(EncoderConfig.from_json(config)),
        **dit_checkpoint.tensor_shapes(DitConfig.from_json(config)),
    }
    if shards > 1:
        write_shards(folder, WEIGHTS, shapes, dtype, random.of(folder), shards)
    else:
        write_safetensors(folder / WEIGHTS, shapes, dtype, random.of(folder))
    silence = (1, size.latent_channels, FRAMES_OF_SILENCE)
    torch.save(random_tensor("silence_latent", silence, random.seed, SILENCE_SCALE), folder / "silence_latent.pt")


def _write_vae(folder: Path, size: FamilySize, random: _Random) -> None:
    vae = _made(folder / vae_checkpoint.FOLDER)
    config = vae_config(size)
    _write_json(vae / vae_checkpoint.CONFIG, config)
    shapes = vae_checkpoint.tensor_shapes(VaeConfig.from_json(config))
    write_safetensors(vae / vae_checkpoint.WEIGHTS, shapes, torch.bfloat16, random.of(vae))


def _write_qwen3(folder: Path, size: TransformerSize, vocabulary: int, begin: int, end: int, random: _Random) -> None:
    _write_json(folder / "config.json", qwen3_config(size, vocabulary, begin=begin, end=end))
    write_safetensors(folder / WEIGHTS, qwen3_shapes(size, vocabulary), torch.bfloat16, random.of(folder))


@dataclass(frozen=True)
class _Random:
    """Tensors drawn by seed, folder and key."""

    seed: int
    scale: float

    def of(self, folder: Path) -> Fill:
        """What fills the weights in a folder."""

        def fill(key: str, shape: tuple[int, ...]) -> torch.Tensor:
            return random_tensor(f"{folder.name}/{key}", shape, self.seed, self.scale)

        return fill


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _write_json(path: Path, value: Config) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", "utf-8")
