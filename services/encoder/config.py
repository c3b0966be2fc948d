"""Sizes of the encoder side of a DiT package as its config.json gives them (spec/model.md §3.1)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from services.layers.attention import AttentionShape
from services.runtime.checkpoints import CheckpointError

_SIZES = (
    "hidden_size",
    "intermediate_size",
    "num_attention_heads",
    "num_key_value_heads",
    "head_dim",
    "text_hidden_dim",
    "audio_acoustic_hidden_dim",
    "num_lyric_encoder_hidden_layers",
    "num_timbre_encoder_hidden_layers",
    "num_attention_pooler_hidden_layers",
    "timbre_fix_frame",
    "pool_window_size",
    "sliding_window",
)
_OWN_SIZES = {
    "width": ("encoder_hidden_size", "hidden_size"),
    "mlp_width": ("encoder_intermediate_size", "intermediate_size"),
    "heads": ("encoder_num_attention_heads", "num_attention_heads"),
    "kv_heads": ("encoder_num_key_value_heads", "num_key_value_heads"),
}


@dataclass(frozen=True)
class EncoderConfig:
    """Sizes of the encoder side of a DiT package.

    XL packages (`is_xl`) give it sizes of its own beside the DiT's. They are also the ones whose timbre encoder reads
    its result from a token that is put before the frames (spec/model.md §2.4), and whose audio codes are projected in
    float32 (§2.8). In every encoder the layers alternate, the first one sliding.
    """

    width: int
    mlp_width: int
    heads: int
    kv_heads: int
    head_dim: int
    text_width: int
    latent_channels: int
    lyric_layers: int
    timbre_layers: int
    pooler_layers: int
    reference_frames: int
    pool_window: int
    sliding_window: int
    rope_theta: float
    fsq_levels: tuple[int, ...]
    is_xl: bool

    @classmethod
    def from_json(cls, values: Mapping[str, Any], source: str = "config.json") -> Self:
        """Reads the values of a file. Raises CheckpointError that names every key that is absent or cannot be."""
        problems = [
            f"{source}: key {name}: expected a positive whole number, found {values.get(name, 'nothing')}"
            for name in _SIZES
            if not _is_count(values.get(name))
        ]
        problems += [
            f"{source}: key {name}: expected a positive whole number or nothing, found {values[name]}"
            for name, _ in _OWN_SIZES.values()
            if values.get(name) is not None and not _is_count(values[name])
        ]
        levels = values.get("fsq_input_levels")
        if not isinstance(levels, list) or not levels or not all(_is_count(level) and level > 1 for level in levels):
            problems.append(f"{source}: key fsq_input_levels: expected a list of numbers above 1, found {levels}")
        theta = values.get("rope_theta")
        if isinstance(theta, bool) or not isinstance(theta, int | float) or not 0 < theta < math.inf:
            problems.append(f"{source}: key rope_theta: expected a positive number, found {theta}")
        if (quantizers := values.get("fsq_input_num_quantizers", 1)) != 1:
            problems.append(f"{source}: key fsq_input_num_quantizers: expected 1, found {quantizers}")
        if not _alternates(values.get("layer_types")):
            problems.append(
                f"{source}: key layer_types: expected sliding_attention and full_attention in turn, "
                f"found {values['layer_types']}"
            )
        if problems:
            raise CheckpointError("\n".join(problems))
        own = {field: values.get(name) or values[shared] for field, (name, shared) in _OWN_SIZES.items()}
        return cls(
            **own,
            head_dim=values["head_dim"],
            text_width=values["text_hidden_dim"],
            latent_channels=values["audio_acoustic_hidden_dim"],
            lyric_layers=values["num_lyric_encoder_hidden_layers"],
            timbre_layers=values["num_timbre_encoder_hidden_layers"],
            pooler_layers=values["num_attention_pooler_hidden_layers"],
            reference_frames=values["timbre_fix_frame"],
            pool_window=values["pool_window_size"],
            sliding_window=values["sliding_window"],
            rope_theta=float(values["rope_theta"]),
            fsq_levels=tuple(values["fsq_input_levels"]),
            is_xl=own["width"] != values["hidden_size"],
        )

    @property
    def attention(self) -> AttentionShape:
        """Heads of all attentions."""
        return AttentionShape(self.heads, self.kv_heads, self.head_dim)


def _alternates(layer_types: Any) -> bool:
    if layer_types is None:
        return True
    turns = ("sliding_attention", "full_attention")
    return isinstance(layer_types, list) and all(kind == turns[n % 2] for n, kind in enumerate(layer_types))


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
