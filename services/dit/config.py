"""Sizes of the diffusion transformer as its config.json gives them (spec/model.md §3.1)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from services.layers.attention import AttentionShape
from services.runtime.checkpoints import CheckpointError

PUBLIC_MIN_SECONDS = 10.0
HeadsByLayer = tuple[tuple[int, tuple[int, ...]], ...]

# Heads of the public 2B models that follow the lyrics (spec/model.md §3.1), and the layers and heads of these models.
PUBLIC_ALIGNMENT_HEADS: HeadsByLayer = ((2, (6,)), (3, (10, 11)), (4, (3,)), (5, (8, 9)), (6, (8,)))
_PUBLIC_LAYERS_AND_HEADS = (24, 16)
_SIZES = (
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
    "num_key_value_heads",
    "head_dim",
    "in_channels",
    "audio_acoustic_hidden_dim",
    "patch_size",
    "sliding_window",
)


@dataclass(frozen=True)
class DitConfig:
    """Sizes of the transformer and what kind of model it is; the field names are the keys of the file.

    `encoder_hidden_size` is the width of the condition, which only the XL configs name; `layer_types` says for each
    layer whether its self-attention is "sliding_attention" or "full_attention". `alignment_heads` are the heads, by
    layer, whose attention to the lyrics shows when these are sung.
    """

    hidden_size: int
    intermediate_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int
    head_dim: int
    in_channels: int
    audio_acoustic_hidden_dim: int
    patch_size: int
    sliding_window: int
    rope_theta: float
    encoder_hidden_size: int
    layer_types: tuple[str, ...]
    is_turbo: bool
    min_duration_seconds: float
    alignment_heads: HeadsByLayer

    @classmethod
    def from_json(cls, values: Mapping[str, Any], source: str = "config.json") -> Self:
        """Reads the values of a file. Raises CheckpointError that names every key that is absent or cannot be."""
        problems = [
            f"{source}: key {name}: expected a positive whole number, found {values.get(name, 'nothing')}"
            for name in _SIZES
            if not _is_count(values.get(name))
        ]
        if not _is_positive(values.get("rope_theta")):
            problems.append(f"{source}: key rope_theta: expected a positive number, found {values.get('rope_theta')}")
        given = {name: values[name] for name in _OPTIONAL if values.get(name) is not None}
        problems += [
            f"{source}: key {name}: expected {_OPTIONAL[name].expected}, found {value!r}"
            for name, value in given.items()
            if not _OPTIONAL[name].fits(value)
        ]
        if problems:
            raise CheckpointError("\n".join(problems))
        layers, heads = values["num_hidden_layers"], values["num_attention_heads"]
        layer_types = tuple(given.get("layer_types", alternating(layers)))
        config = cls(
            **{name: values[name] for name in _SIZES},
            rope_theta=float(values["rope_theta"]),
            encoder_hidden_size=given.get("encoder_hidden_size", values["hidden_size"]),
            layer_types=layer_types,
            is_turbo=given.get("is_turbo", values.get("model_version") == "turbo"),
            min_duration_seconds=float(given.get("min_duration_seconds", PUBLIC_MIN_SECONDS)),
            alignment_heads=_alignment_heads(given.get("lyric_alignment_layers_config"), layer_types, heads),
        )
        config._check_agreement(source)
        return config

    @property
    def attention(self) -> AttentionShape:
        """Heads of all attentions."""
        return AttentionShape(self.num_attention_heads, self.num_key_value_heads, self.head_dim)

    @property
    def context_channels(self) -> int:
        """Channels beside the noisy latents: source latents and mask."""
        return self.in_channels - self.audio_acoustic_hidden_dim

    def _check_agreement(self, source: str) -> None:
        if self.in_channels != 3 * self.audio_acoustic_hidden_dim:
            raise CheckpointError(
                f"{source}: key in_channels: expected {3 * self.audio_acoustic_hidden_dim}, three times the "
                f"audio_acoustic_hidden_dim, found {self.in_channels}"
            )
        if self.num_attention_heads % self.num_key_value_heads:
            raise CheckpointError(
                f"{source}: key num_key_value_heads: expected a divisor of num_attention_heads, "
                f"{self.num_attention_heads}, found {self.num_key_value_heads}"
            )
        if self.head_dim % 2:
            raise CheckpointError(f"{source}: key head_dim: expected an even number, found {self.head_dim}")
        kinds = {"sliding_attention", "full_attention"}
        if len(self.layer_types) != self.num_hidden_layers or not kinds.issuperset(self.layer_types):
            raise CheckpointError(
                f"{source}: key layer_types: expected {self.num_hidden_layers} of {sorted(kinds)}, "
                f"found {list(self.layer_types)}"
            )
        for layer, heads in self.alignment_heads:
            if layer >= self.num_hidden_layers or max(heads) >= self.num_attention_heads:
                raise CheckpointError(
                    f"{source}: key lyric_alignment_layers_config: expected layers below {self.num_hidden_layers} and "
                    f"heads below {self.num_attention_heads}, found heads {list(heads)} of layer {layer}"
                )


def alternating(layers: int) -> tuple[str, ...]:
    """The layer types of the public models: even layers slide, odd layers see everything."""
    return tuple("full_attention" if layer % 2 else "sliding_attention" for layer in range(layers))


def _alignment_heads(given: Mapping[str, list[int]] | None, layer_types: Sequence[str], heads: int) -> HeadsByLayer:
    """The heads that a file names, or those of the public models; otherwise all heads of the layers that see all."""
    if given is not None:
        return tuple(sorted((int(layer), tuple(chosen)) for layer, chosen in given.items()))
    if (len(layer_types), heads) == _PUBLIC_LAYERS_AND_HEADS:
        return PUBLIC_ALIGNMENT_HEADS
    seeing_all = [layer for layer, kind in enumerate(layer_types) if kind == "full_attention"]
    return tuple((layer, tuple(range(heads))) for layer in seeing_all or range(len(layer_types)))


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def knows_tracks(config: DitConfig, name: str) -> bool:
    """Whether a model was trained on single tracks: of the published ones, base models alone (spec/features.md §13).

    Nothing in their files says so. Turbo models are distilled for other tasks, and sft models go by their name.
    """
    return not config.is_turbo and "sft" not in name


def _is_positive(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf


def _are_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def _is_switch(value: Any) -> bool:
    return isinstance(value, bool)


def _are_heads_by_layer(value: Any) -> bool:
    return isinstance(value, dict) and bool(value) and all(map(_is_layer_with_heads, value.items()))


def _is_layer_with_heads(item: tuple[Any, Any]) -> bool:
    layer, heads = item
    if not (isinstance(layer, str) and layer.isascii() and layer.isdecimal() and isinstance(heads, list) and heads):
        return False
    return all(type(head) is int and head >= 0 for head in heads)


class _Optional(NamedTuple):
    expected: str
    fits: Callable[[Any], bool]


_OPTIONAL = {
    "encoder_hidden_size": _Optional("a positive whole number", _is_count),
    "layer_types": _Optional("a list of names", _are_names),
    "is_turbo": _Optional("true or false", _is_switch),
    "min_duration_seconds": _Optional("a positive number", _is_positive),
    "lyric_alignment_layers_config": _Optional("lists of heads by the number of their layer", _are_heads_by_layer),
}
