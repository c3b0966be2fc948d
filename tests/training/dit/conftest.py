"""A store of latents of two short clips, a tokenizer, and a model small enough to learn them in seconds."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from services.encoder.tokenization import PromptTokenizer
from training.dit.examples import Examples, ExampleSettings
from training.dit.network import SongModel
from training.latents import LatentStore, write_latents, write_silence
from training.model_configs import FamilySize, TransformerSize, dit_config, qwen3_config
from training.synth.tones import Sound
from training.tiny_tokenizer import END_OF_TEXT, write_tiny_tokenizer
from training.weights import initialise

CHANNELS = 8
RATE = 8_000
_SMALL = TransformerSize(hidden=32, intermediate=64, layers=2, heads=2, kv_heads=1, head_dim=16)
SIZE = FamilySize(
    latent_channels=CHANNELS,
    dit=TransformerSize(hidden=64, intermediate=128, layers=2, heads=4, kv_heads=2, head_dim=16),
    conditioner=_SMALL,
    timbre_layers=2,
    text=_SMALL,
    vae_channels=8,
    min_duration_seconds=1,
    fsq_levels=(8, 8, 8),
    reference_frames=50,
)


def energies(sound: Sound) -> NDArray[np.float64]:
    """Stands for a codec: energies of eight parts of each frame, about normal."""
    frames = len(sound) * 25 // RATE
    parts = sound[: frames * RATE // 25].mean(axis=1).reshape(frames, CHANNELS, -1)
    latents: NDArray[np.float64] = np.log(1e-3 + np.abs(parts).mean(axis=2)) / 2 + 2
    return latents


@pytest.fixture(scope="session")
def latents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("latents")
    write_latents(folder, "clips", [3, 4], energies, RATE, seconds=4.0)
    write_silence(folder, energies, RATE)
    return folder


@pytest.fixture
def store(latents: Path) -> LatentStore:
    return LatentStore.open(latents)


@pytest.fixture(scope="session")
def tokenizer_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tokenizer")
    write_tiny_tokenizer(folder, append_end_of_text=True)
    return folder


@pytest.fixture
def tokenizer(tokenizer_folder: Path) -> PromptTokenizer:
    return PromptTokenizer(tokenizer_folder / "tokenizer.json")


@pytest.fixture
def configs(tokenizer_folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """config.json of the package and of the text encoder."""
    ids = write_tiny_tokenizer(tokenizer_folder, append_end_of_text=True)
    text = qwen3_config(SIZE.text, len(ids), begin=ids[END_OF_TEXT], end=ids[END_OF_TEXT])
    return dit_config(SIZE, "base", "bfloat16"), text


@pytest.fixture
def model(configs: tuple[dict[str, Any], dict[str, Any]]) -> SongModel:
    built = SongModel(*configs)
    initialise(built, seed=0)
    return built


def examples(store: LatentStore, tokenizer: PromptTokenizer, settings: ExampleSettings, seed: int = 0) -> Examples:
    return Examples(store, tokenizer, settings, SIZE.reference_frames, seed)
