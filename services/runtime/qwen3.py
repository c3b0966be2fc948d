"""Sizes of a Qwen3 model, read from its config.json (spec/planner.md §1.1, spec/model.md §2.2)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from services.layers.attention import AttentionShape
from services.runtime.checkpoints import CheckpointError

_SIZES = {
    "width": "hidden_size",
    "hidden": "intermediate_size",
    "layers": "num_hidden_layers",
    "heads": "num_attention_heads",
    "kv_heads": "num_key_value_heads",
    "head_dim": "head_dim",
    "vocabulary": "vocab_size",
    "positions": "max_position_embeddings",
}


@dataclass(frozen=True)
class Qwen3Config:
    """A Qwen3 decoder. `positions` is the longest context that it was made for."""

    width: int
    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    vocabulary: int
    positions: int
    norm_eps: float
    rope_theta: float
    tied_head: bool

    @classmethod
    def from_json(cls, values: Mapping[str, Any], source: str = "config.json") -> Self:
        """Reads config.json. Raises CheckpointError that names every bad key."""
        problems = []
        if values.get("model_type") != "qwen3":
            problems.append(f"{source}: key model_type: expected qwen3, found {values.get('model_type')}")
        problems += [
            f"{source}: key {name}: expected a positive whole number, found {values.get(name)}"
            for name in _SIZES.values()
            if not isinstance(values.get(name), int) or isinstance(values[name], bool) or values[name] <= 0
        ]
        theta = (values.get("rope_parameters") or values).get("rope_theta")
        for name, value in (("rope_theta", theta), ("rms_norm_eps", values.get("rms_norm_eps"))):
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
                problems.append(f"{source}: key {name}: expected a positive number, found {value}")
        if values.get("rope_scaling") or values.get("use_sliding_window"):
            problems.append(f"{source}: keys rope_scaling and use_sliding_window: expected none of them")
        if problems:
            raise CheckpointError("\n".join(problems))
        sizes = {field: values[name] for field, name in _SIZES.items()}
        if sizes["heads"] % sizes["kv_heads"]:
            raise CheckpointError(f"{source}: key num_attention_heads: expected a multiple of num_key_value_heads")
        return cls(
            **sizes,
            norm_eps=float(values["rms_norm_eps"]),
            rope_theta=float(theta or 0),
            tied_head=bool(values.get("tie_word_embeddings", True)),
        )

    @property
    def attention(self) -> AttentionShape:
        """Heads of all attentions."""
        return AttentionShape(self.heads, self.kv_heads, self.head_dim)

    def cache_bytes(self, context: int, itemsize: int) -> int:
        """Bytes of keys and values of one row of the cache."""
        return 2 * self.layers * self.kv_heads * self.head_dim * context * itemsize
