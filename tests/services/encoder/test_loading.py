"""Tokenizer and text encoder as published, and refusals that name what is wrong."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoTokenizer, Qwen3Model

from services.encoder import checkpoint
from services.encoder.prompt import Prompt
from services.encoder.tokenization import MAX_CAPTION_TOKENS, MAX_LYRIC_TOKENS, PromptTokenizer
from services.runtime.checkpoints import CheckpointError
from tests.parity.tolerance import relative_error

VARIANT = "acestep-v15-turbo"
CPU: dict[str, Any] = {"dtype": torch.float32, "device": torch.device("cpu")}


@pytest.fixture
def models(tiny_models: Path, tmp_path: Path) -> Path:
    shutil.copytree(tiny_models, tmp_path / "models", ignore=shutil.ignore_patterns("vae", "*-lm-*", "*-base"))
    return tmp_path / "models"


def rewrite(file: Path, change: dict[str, Any]) -> None:
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}))


def test_one_end_of_text_is_written_and_one_appended(tiny_models: Path) -> None:
    folder = tiny_models / checkpoint.TEXT_ENCODER
    tokenizer = PromptTokenizer(folder / "tokenizer.json")
    end = AutoTokenizer.from_pretrained(folder).convert_tokens_to_ids("<|endoftext|>")
    prompt = Prompt("a waltz", "la la")
    lyrics, caption = tokenizer.lyrics(prompt), tokenizer.caption(prompt)
    assert lyrics.ids[-2:] == [end, end]
    assert caption.ids[-1] == end
    assert caption.ids[-3] == end
    assert not lyrics.truncated
    assert not caption.truncated


def test_long_words_are_cut_and_keep_their_end(tiny_models: Path) -> None:
    folder = tiny_models / checkpoint.TEXT_ENCODER
    tokenizer = PromptTokenizer(folder / "tokenizer.json")
    reference = AutoTokenizer.from_pretrained(folder)
    prompt = Prompt("waltz " * 300, "la " * 3000)
    for text, encoded, limit in (
        (prompt.caption_text(), tokenizer.caption(prompt), MAX_CAPTION_TOKENS),
        (prompt.lyric_text(), tokenizer.lyrics(prompt), MAX_LYRIC_TOKENS),
    ):
        assert encoded.truncated
        assert encoded.ids == reference(text, truncation=True, max_length=limit).input_ids


@pytest.mark.parametrize("prefix", ["", "model."])
@torch.inference_mode()
def test_the_text_encoder_equals_transformers(models: Path, prefix: str) -> None:
    folder = models / checkpoint.TEXT_ENCODER
    theirs = Qwen3Model.from_pretrained(folder, dtype=torch.float32)
    state = load_file(folder / "model.safetensors")
    save_file({prefix + key: tensor for key, tensor in state.items()}, folder / "model.safetensors")
    ours, _ = checkpoint.load_text_encoder(folder, **CPU)
    generator = torch.Generator().manual_seed(0)
    texts = [torch.randint(0, theirs.config.vocab_size, (length,), generator=generator) for length in (40, 7, 40, 1)]
    for text, states in zip(texts, ours([text.tolist() for text in texts]), strict=True):
        assert relative_error(states, theirs(text[None]).last_hidden_state[0]) <= 1e-6


def test_a_missing_and_a_misshapen_key_are_named(models: Path) -> None:
    file = models / VARIANT / "model.safetensors"
    state = load_file(file)
    del state["null_condition_emb"]
    state["tokenizer.quantizer.project_in.bias"] = torch.zeros(7)
    save_file(state, file)
    with pytest.raises(CheckpointError) as refused:
        checkpoint.load(models, VARIANT, **CPU)
    assert f"{file}: key null_condition_emb: expected [1, 1, 32], found nothing" in str(refused.value)
    assert f"{file}: key tokenizer.quantizer.project_in.bias: expected [6], found [7]" in str(refused.value)


def test_every_bad_value_of_the_config_is_named(models: Path) -> None:
    rewrite(models / VARIANT / "config.json", {"head_dim": "wide", "fsq_input_levels": None})
    with pytest.raises(CheckpointError) as refused:
        checkpoint.load(models, VARIANT, **CPU)
    assert "key head_dim: expected a positive whole number, found wide" in str(refused.value)
    assert "key fsq_input_levels" in str(refused.value)


def test_a_text_encoder_of_another_width_is_refused(models: Path) -> None:
    rewrite(models / VARIANT / "config.json", {"text_hidden_dim": 64})
    with pytest.raises(CheckpointError, match=r"expected|text_hidden_dim"):
        checkpoint.load(models, VARIANT, **CPU)


def test_a_tokenizer_that_appends_nothing_is_refused(models: Path) -> None:
    file = models / checkpoint.TEXT_ENCODER / "tokenizer.json"
    rewrite(file, {"post_processor": None})
    with pytest.raises(CheckpointError, match="expected one <\\|endoftext\\|> appended"):
        PromptTokenizer(file)
