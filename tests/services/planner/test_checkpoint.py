"""A planner's folder: layouts that differ load alike, and what cannot be served is refused by file, key and reason."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import Qwen3ForCausalLM

from services.planner import checkpoint
from services.planner.attention import Packing
from services.planner.cache import KeyValueCache, Segment
from services.planner.checkpoint import LoadedPlanner
from services.planner.tokenization import PlannerTokenizer, codebook_size
from services.runtime.checkpoints import CheckpointError
from tests.services.planner.conftest import CPU, PLANNER
from tests.support.planners import copy_with_codes

WEIGHTS = "model.safetensors"
TOKENS = [3, 99, 250, 7, 7, 180, 12]
Content = dict[str, Any]


@pytest.fixture
def models(tiny_models: Path, tmp_path: Path) -> Path:
    """A family with nothing but a planner, to be changed."""
    shutil.copytree(tiny_models / PLANNER, tmp_path / PLANNER)
    return tmp_path


def load(models: Path) -> LoadedPlanner:
    return checkpoint.load(models, PLANNER, dtype=torch.float32, device=CPU)


def change(models: Path, name: str, edit: Callable[[Content], object]) -> Path:
    """Edits a JSON file of the planner."""
    path = models / PLANNER / name
    content = json.loads(path.read_text("utf-8"))
    edit(content)
    path.write_text(json.dumps(content, ensure_ascii=False), "utf-8")
    return path


def rewrite(models: Path, edit: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]) -> None:
    """Edits the weights."""
    file = models / PLANNER / WEIGHTS
    save_file(edit(load_file(file)), file)


def prefixed(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {key if key == "lm_head.weight" else f"model.{key}": tensor for key, tensor in tensors.items()}


def with_head(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    shape = tensors["embed_tokens.weight"].shape
    return {**tensors, "lm_head.weight": torch.randn(shape, generator=torch.Generator().manual_seed(1)).bfloat16()}


@torch.inference_mode()
def logits(loaded: LoadedPlanner) -> torch.Tensor:
    """Of a few tokens [tokens, vocabulary]."""
    cache = KeyValueCache(loaded.model.config, 1, 64, dtype=torch.float32, device=CPU)
    hidden = loaded.model(torch.tensor(TOKENS), Packing.of([Segment(0, 0, len(TOKENS))], CPU), cache)
    return loaded.model.logits(hidden, 0, loaded.model.config.vocabulary)


def test_keys_may_have_the_prefix_of_a_causal_model(models: Path, loaded: LoadedPlanner) -> None:
    rewrite(models, prefixed)
    assert torch.equal(logits(load(models)), logits(loaded))


def test_a_head_of_its_own(models: Path) -> None:
    """It never has the prefix; transformers wants it on the other keys."""
    change(models, "config.json", lambda config: config.update(tie_word_embeddings=False))
    rewrite(models, with_head)
    bare = logits(load(models))
    rewrite(models, prefixed)
    ours = logits(load(models))
    model: Any = Qwen3ForCausalLM.from_pretrained(models / PLANNER, dtype=torch.float32)
    with torch.inference_mode():
        theirs = model(torch.tensor([TOKENS])).logits[0]
    assert torch.equal(bare, ours)
    assert float((ours - theirs).norm() / theirs.norm()) <= 1e-5


def test_a_head_that_is_stored_though_tied_is_left_aside(models: Path, loaded: LoadedPlanner) -> None:
    rewrite(models, with_head)
    assert torch.equal(logits(load(models)), logits(loaded))


def without(name: str) -> Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]:
    return lambda tensors: {key: tensor for key, tensor in tensors.items() if key != name}


@pytest.mark.parametrize("key", ["layers.1.mlp.up_proj.weight", "layers.0.self_attn.q_norm.weight", "norm.weight"])
def test_missing_weights_are_named(models: Path, key: str) -> None:
    rewrite(models, without(key))
    with pytest.raises(CheckpointError, match=rf"{WEIGHTS}: key {key}: expected \[.*\], found nothing"):
        load(models)


def test_a_missing_head_is_named(models: Path) -> None:
    change(models, "config.json", lambda config: config.update(tie_word_embeddings=False))
    with pytest.raises(CheckpointError, match=r"key lm_head\.weight: expected .*, found nothing"):
        load(models)


def test_another_architecture_is_named(models: Path) -> None:
    change(models, "config.json", lambda config: config.update(model_type="llama"))
    with pytest.raises(CheckpointError, match=r"config\.json: key model_type: expected qwen3, found llama"):
        load(models)


def drop(token: str) -> Callable[[Content], object]:
    def edit(content: Content) -> None:
        content["added_tokens"] = [entry for entry in content["added_tokens"] if entry["content"] != token]

    return edit


def renumber(token: str, by: int) -> Callable[[Content], object]:
    def edit(content: Content) -> None:
        next(entry for entry in content["added_tokens"] if entry["content"] == token)["id"] += by

    return edit


WRONG_TOKENIZERS: dict[str, tuple[Callable[[Content], object], str]] = {
    "no tag": (drop("</think>"), r"key added_tokens: expected </think>, found none of them"),
    "no turns": (drop("<|im_end|>"), r"expected <\|im_end\|>"),
    "no codes": (drop("<|audio_code_0|>"), r"expected <\|audio_code_0\|>"),
    "a gap": (drop("<|audio_code_500|>"), r"<\|audio_code_500\|>: expected id \d+, found nothing"),
    "codes out of order": (renumber("<|audio_code_63999|>", 1), r"<\|audio_code_63999\|>: expected id \d+, found \d+"),
    "a tag behind the codes": (renumber("<think>", 70_000), r"<think>: expected ids below those of the audio codes"),
    "no objects": (lambda content: content.update(added_tokens=["<think>"]), "expected objects with content and id"),
    "no added tokens": (lambda content: content.update(added_tokens=None), "key added_tokens: expected"),
    "another model": (lambda content: content.update(model={"type": "Whole"}), "cannot be read as a tokenizer"),
}


@pytest.mark.parametrize("mistake", WRONG_TOKENIZERS)
def test_wrong_tokenizers_are_refused(models: Path, mistake: str) -> None:
    edit, message = WRONG_TOKENIZERS[mistake]
    path = change(models, "tokenizer.json", edit)
    with pytest.raises(CheckpointError, match=message) as refused:
        load(models)
    assert str(refused.value).startswith(str(path))


def test_a_vocabulary_that_ends_before_the_codes(models: Path) -> None:
    with pytest.raises(CheckpointError, match=r"audio codes end at id \d+, the model has 1000 ids"):
        PlannerTokenizer.load(models / PLANNER / "tokenizer.json", 1000)


@pytest.mark.parametrize(("named", "codes"), [(1, 1), (4096, 4096), (64_000, 64_000), (65_535, 64_000)])
def test_the_audio_codes_are_those_that_the_tokenizer_names(
    tiny_models: Path, tmp_path: Path, named: int, codes: int
) -> None:
    models = copy_with_codes(tiny_models, tmp_path, named)
    tokenizer = load(models).tokenizer
    assert tokenizer.audio_codes == range(tokenizer.first_code, tokenizer.first_code + codes)
    assert codebook_size(models / PLANNER / "tokenizer.json") == codes


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--dtype", "float16"), "--dtype: float16 overflows in planners; use bfloat16 or float32"),
        (("--planners", "acestep-5Hz-lm-9B"), f"has no acestep-5Hz-lm-9B, only {PLANNER}"),
        (("--planners", " ,"), "--planners: names no language model"),
        (("--prefill-tokens", "63"), "--prefill-tokens: 63 is below 64"),
    ],
)
def test_a_server_that_cannot_serve_says_why(models: Path, flags: tuple[str, ...], message: str) -> None:
    command = [sys.executable, "-m", "services.planner", "--models", str(models), *flags]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert message in ended.stderr
