"""The tiny family is whole, loads, and is the same for the same seed."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from tokenizers import Tokenizer
from transformers import AutoTokenizer, Qwen3ForCausalLM

from services.dit import checkpoint as dit_checkpoint
from services.encoder import checkpoint as encoder_checkpoint
from services.vae import checkpoint as vae_checkpoint
from training.model_configs import TINY_PLANNER
from training.random_checkpoint import PLANNERS, write_planner, write_tiny_family

CPU: dict[str, Any] = {"dtype": torch.float32, "device": torch.device("cpu")}
FILES = {
    "acestep-v15-turbo": ("config.json", "model.safetensors", "silence_latent.pt"),
    "acestep-v15-base": ("config.json", "model.safetensors", "silence_latent.pt"),
    "vae": ("config.json", "diffusion_pytorch_model.safetensors"),
    "Qwen3-Embedding-0.6B": ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"),
    **dict.fromkeys(PLANNERS, ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json")),
}


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_every_component_has_its_original_files(tiny_models: Path) -> None:
    for folder, files in FILES.items():
        assert {path.name for path in (tiny_models / folder).iterdir()} == set(files)


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(tiny_models: Path, tmp_path: Path) -> None:
    write_tiny_family(tmp_path / "same", seed=0)
    write_tiny_family(tmp_path / "other", seed=1)
    assert digests(tmp_path / "same") == digests(tiny_models)
    weights = "vae/diffusion_pytorch_model.safetensors"
    assert digests(tmp_path / "other")[weights] != digests(tiny_models)[weights]


@pytest.mark.parametrize("variant", ["acestep-v15-turbo", "acestep-v15-base"])
def test_the_stages_leave_no_key_of_a_package_unread(tiny_models: Path, variant: str) -> None:
    with safe_open(tiny_models / variant / "model.safetensors", "pt") as file:
        keys = set(file.keys())
    own = (*encoder_checkpoint.PREFIXES, dit_checkpoint.PREFIX)
    assert all(key.startswith(own) for key in keys)
    loaded = dit_checkpoint.load(tiny_models, variant, **CPU)
    assert loaded.model.config.is_turbo == (variant == "acestep-v15-turbo")
    assert loaded.silence.shape == (15_000, 8)


def test_an_xl_package_in_shards_loads_too(tmp_path: Path) -> None:
    write_tiny_family(tmp_path, seed=0, xl=True)
    variant = "acestep-v15-xl-turbo"
    assert (tmp_path / variant / "model.safetensors.index.json").exists()
    assert dit_checkpoint.load(tmp_path, variant, **CPU).model.config.hidden_size == 48
    assert encoder_checkpoint.load(tmp_path, variant, **CPU).config.is_xl


def test_the_codec_fits_the_latents(tiny_models: Path) -> None:
    config = vae_checkpoint.load(tiny_models, **CPU).model.config
    assert (config.hop, config.latent_channels, config.sampling_rate) == (1920, 8, 48_000)


def test_the_planner_has_a_token_for_every_audio_code(tiny_models: Path) -> None:
    tokenizer = Tokenizer.from_file(str(tiny_models / "acestep-5Hz-lm-1.7B" / "tokenizer.json"))
    first, last = (tokenizer.token_to_id(f"<|audio_code_{code}|>") for code in (0, 63_999))
    assert first is not None
    assert last == first + 63_999
    vocabulary = json.loads((tiny_models / "acestep-5Hz-lm-1.7B" / "config.json").read_text())["vocab_size"]
    assert vocabulary == tokenizer.get_vocab_size()


@pytest.mark.parametrize("name", PLANNERS)
def test_transformers_loads_a_planner_whole_and_stops_at_its_end(tiny_models: Path, name: str) -> None:
    check_with_transformers(tiny_models / name)


def test_transformers_loads_a_planner_with_the_ids_of_qwen(tmp_path: Path) -> None:
    write_planner(tmp_path / "acestep-5Hz-lm-4B", TINY_PLANNER)
    model = check_with_transformers(tmp_path / "acestep-5Hz-lm-4B")
    assert model.config.vocab_size == 217_204
    assert model.generation_config.eos_token_id == 151_645


def check_with_transformers(folder: Path) -> Any:
    reference: Any = Qwen3ForCausalLM
    model, report = reference.from_pretrained(folder, output_loading_info=True)
    assert not any(report.values()), report
    assert model.dtype == torch.bfloat16
    assert model.lm_head.weight is model.model.embed_tokens.weight
    with safe_open(folder / "model.safetensors", "pt") as file:
        assert not any(key.startswith(("model.", "lm_head")) for key in file.keys())  # noqa: SIM118 (no mapping)
        assert torch.equal(model.model.norm.weight, file.get_tensor("norm.weight"))
    tokenizer = AutoTokenizer.from_pretrained(folder)
    end = tokenizer.convert_tokens_to_ids("<|im_end|>")
    assert (model.generation_config.eos_token_id, tokenizer.eos_token_id) == (end, end)
    return model
