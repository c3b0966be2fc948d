"""What the planner stage loads: one language model's folder, keys with or without the prefix "model."."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from services.layers.quantization import WeightForm
from services.planner.model import LanguageModel
from services.planner.tokenization import PlannerTokenizer
from services.runtime.checkpoints import (
    SafetensorsFolder,
    check_tensors,
    in_form,
    projections_in_stacks,
    read_json,
    revision,
)
from services.runtime.placement import place
from services.runtime.qwen3 import Qwen3Config

CONFIG = "config.json"
TOKENIZER = "tokenizer.json"
_JOINED: dict[str, tuple[str, ...]] = {
    "self_attn.qkv_proj": ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
    "gate_up_proj": ("mlp.gate_proj", "mlp.up_proj"),
    "down_proj": ("mlp.down_proj",),
}


@dataclass(frozen=True)
class LoadedPlanner:
    """The network, its tokenizer, and the digest of the files."""

    model: LanguageModel
    tokenizer: PlannerTokenizer
    revision: str


def load(
    models: Path,
    name: str,
    *,
    dtype: torch.dtype,
    device: torch.device,
    form: WeightForm = WeightForm.FULL,
    budget: int | None = None,
) -> LoadedPlanner:
    """Loads a planner of a model family, with at most `budget` bytes of weights on the device.

    Raises CheckpointError that names file, key, expected and found, or BudgetError.
    """
    folder = models / name
    config = Qwen3Config.from_json(read_json(folder / CONFIG), str(folder / CONFIG))
    tokenizer = PlannerTokenizer.load(folder / TOKENIZER, config.vocabulary)
    tensors = SafetensorsFolder(folder, dtype=dtype)
    prefix = "model." if any(key.startswith("model.") for key in tensors.shapes()) else ""
    shapes = tensor_shapes(config, prefix)
    check_tensors(shapes, tensors, "", ("lm_head.weight",) if config.tied_head else ())
    with torch.device("meta"):
        model = LanguageModel(config)
    host, in_stacks = torch.device("cpu"), projections_in_stacks(model)
    for parameter, built in tuple(model.named_parameters()):
        owner, _, leaf = parameter.rpartition(".")
        parts = [tensors.read(key).to(dtype) for key in _keys(parameter, prefix, config)]
        weight = parts[0] if len(parts) == 1 else torch.cat(parts).view(built.shape)
        weight = in_form(weight, form) if parameter in in_stacks else weight
        weight = weight.to(device if budget is None else host)
        setattr(model.get_submodule(owner), leaf, nn.Parameter(weight, requires_grad=False))
    place([model], device, sys.maxsize if budget is None else budget)
    model.pack_head(tokenizer.audio_codes.start, tokenizer.audio_codes.stop)
    files = (folder / CONFIG, folder / TOKENIZER, *tensors.files)
    return LoadedPlanner(model.eval(), tokenizer, revision(files))


def tensor_shapes(config: Qwen3Config, prefix: str = "") -> dict[str, tuple[int, ...]]:
    """Shapes by key as on disk."""
    queries, keys = config.heads * config.head_dim, config.kv_heads * config.head_dim
    shapes: dict[str, tuple[int, ...]] = {f"{prefix}embed_tokens.weight": (config.vocabulary, config.width)}
    for layer in range(config.layers):
        for name, shape in {
            "input_layernorm": (config.width,),
            "self_attn.q_proj": (queries, config.width),
            "self_attn.k_proj": (keys, config.width),
            "self_attn.v_proj": (keys, config.width),
            "self_attn.o_proj": (config.width, queries),
            "self_attn.q_norm": (config.head_dim,),
            "self_attn.k_norm": (config.head_dim,),
            "post_attention_layernorm": (config.width,),
            "mlp.gate_proj": (config.hidden, config.width),
            "mlp.up_proj": (config.hidden, config.width),
            "mlp.down_proj": (config.width, config.hidden),
        }.items():
            shapes[f"{prefix}layers.{layer}.{name}.weight"] = shape
    shapes[f"{prefix}norm.weight"] = (config.width,)
    if not config.tied_head:
        shapes["lm_head.weight"] = (config.vocabulary, config.width)
    return shapes


def _keys(parameter: str, prefix: str, config: Qwen3Config) -> list[str]:
    """The keys on disk whose tensors, one below the other, are a parameter of the network."""
    if not parameter.startswith("layers."):
        return [parameter if parameter.startswith("lm_head") else prefix + parameter]
    layers, number, name = parameter.removesuffix(".weight").split(".", 2)
    parts = _JOINED.get(name, (name,))
    if name == "self_attn.qk_norm":
        parts = ("self_attn.q_norm",) * config.heads + ("self_attn.k_norm",) * config.kv_heads
    return [f"{prefix}{layers}.{number}.{part}.weight" for part in parts]
