"""A tiny family with a codebook of 16, random latents of a few clips, and a network that learns in seconds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from services.encoder import checkpoint as encoder_checkpoint
from services.encoder.checkpoint import TEXT_ENCODER, LoadedEncoder
from services.encoder.text import TextEncoder
from services.planner.prompts import Prompts
from services.planner.tokenization import PlannerTokenizer
from services.runtime.qwen3 import Qwen3Config
from training.dit.export import write_package, write_text_encoder
from training.dit.network import SongModel
from training.latents import PARTS, Entry
from training.model_configs import TINY, TransformerSize, dit_config, qwen3_config
from training.planner.export import write_tokenizer
from training.synth.clip import describe
from training.tiny_tokenizer import END_OF_TEXT, write_tiny_tokenizer
from training.weights import initialise

CPU = torch.device("cpu")
PACKAGE, PLANNER = "acestep-v15-base", "acestep-5Hz-lm-nano"
CODES, CHANNELS = 16, 8
SIZE = TransformerSize(hidden=64, intermediate=128, layers=2, heads=2, kv_heads=1, head_dim=32)


def write_family(models: Path) -> None:
    """A text encoder and a DiT package of random weights."""
    (models / TEXT_ENCODER).mkdir(parents=True)
    ids = write_tiny_tokenizer(models / TEXT_ENCODER, append_end_of_text=True)
    package = dit_config(replace(TINY, fsq_levels=(4, 4)), "base", "bfloat16")
    text = qwen3_config(TINY.text, len(ids), begin=ids[END_OF_TEXT], end=ids[END_OF_TEXT])
    model = SongModel(package, text)
    initialise(model, 0)
    write_package(models, PACKAGE, model, package, torch.zeros(10, CHANNELS), 100)
    write_text_encoder(models, model.text_encoder, text)


def write_latents(folder: Path, shard: str, seeds: Sequence[int], *, seed: int = 0) -> None:
    """Noise as long as the clips of seeds."""
    folder.mkdir(exist_ok=True)
    entries, start = [], 0
    for number in seeds:
        frames = int(25 * describe(number).facts.seconds)
        entries.append(asdict(Entry(number, start, frames, "drums", shard)))
        start += PARTS * frames
    noise = np.random.default_rng(seed).standard_normal((start, CHANNELS))
    np.save(folder / f"{shard}.npy", noise.astype(np.float16))
    np.save(folder / "silence.npy", np.zeros((10, CHANNELS), np.float32))
    (folder / f"{shard}.json").write_text(json.dumps(entries))


@dataclass(frozen=True)
class Trainee:
    """A family with the tokenizer of a planner, its prompts, and the planner's config."""

    models: Path
    prompts: Prompts
    config: dict[str, Any]

    def network(self) -> TextEncoder:
        """A fresh network, the same every time."""
        model = TextEncoder(Qwen3Config.from_json(self.config))
        initialise(model, 0)
        return model


@pytest.fixture(scope="session")
def family(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The family before a planner is trained."""
    models = tmp_path_factory.mktemp("family")
    write_family(models)
    return models


@pytest.fixture(scope="session")
def encoder(family: Path) -> LoadedEncoder:
    """Its encoder stage in float32."""
    return encoder_checkpoint.load(family, PACKAGE, dtype=torch.float32, device=CPU)


@pytest.fixture(scope="session")
def trainee(family: Path) -> Trainee:
    """A planner to be trained."""
    config = write_tokenizer(family, PLANNER, CODES, SIZE)
    tokenizer = PlannerTokenizer.load(family / PLANNER / "tokenizer.json", config["vocab_size"])
    return Trainee(family, Prompts(tokenizer), config)
