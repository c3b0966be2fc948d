"""`quartet up --vram`: what each stage may keep on a small device, from the sizes of the checkpoints."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

MIB = 2**20
_UNITS = {"M": MIB, "MiB": MIB, "MB": 10**6, "G": 2**30, "GiB": 2**30, "GB": 10**9}
_LAYER = re.compile(r"(.*\blayers\.\d+)\.")
_ENCODER_PREFIXES = ("encoder.", "tokenizer.", "detokenizer.", "null_condition_emb")
# What torch and the driver take for a process that uses a GPU.
CONTEXT_MIB = 320
# A scale for each row of a weight in 8 bits.
_INT8_SHARE = 0.505
# Measured in bfloat16 (docs/memory.md): activations of a stage, and of the codec for each latent frame of a window.
_ACTIVATIONS_MIB = {"planner": 160, "encoder": 352, "dit": 320, "vae": 48}
_MIB_PER_FRAME = 1.7
# Of each item of the sampler between its steps: keys and values of its condition, of 800 tokens and in all layers.
_MIB_PER_ITEM = 80
_ITEMS = 2
# What bounds the activations that were measured.
_BOUNDS: Mapping[str, tuple[str, ...]] = {
    "planner": ("--codes-at-once", "1"),  # CUDA graphs keep memory of their own
    "encoder": ("--tokens-per-step", "2048"),
    "dit": ("--tokens-per-step", "1024", "--batch-items", str(_ITEMS)),
    "vae": ("--windows-per-step", "1"),
}
_MARGIN_FRAMES = 24


@dataclass(frozen=True)
class Weights:
    """MiB of a stage's weights in the type that it computes in: each layer's, and what is outside of layers."""

    layers: tuple[float, ...]
    outside: float
    # Of the planner's cache, for each row and position.
    cache: float = 0.0

    def all(self, form: str) -> float:
        """Everything, with the layers in a form."""
        return self.outside + sum(self.layers) * _share(form)

    def on_their_way(self, form: str) -> float:
        """Of layers that come for their turn: one that computes and the next."""
        return 2 * max(self.layers, default=0.0) * _share(form)


@dataclass(frozen=True)
class StageShare:
    """MiB of a stage, and the flags that say so: weights that stay, a cache and a context, and what passes.

    What passes is there while the stage computes: activations, and layers that come for their turn.
    """

    weights: float
    kept: float
    passing: float
    streams: bool
    flags: tuple[str, ...]

    @property
    def total(self) -> float:
        """The most at once."""
        return self.weights + self.kept + self.passing


def taken(shares: Mapping[str, StageShare], *, in_turn: bool) -> float:
    """MiB of all stages. On a GPU they compute in turn and give back what passed; elsewhere each is counted alone."""
    passing = [share.passing for share in shares.values()]
    return sum(share.weights + share.kept for share in shares.values()) + (max(passing) if in_turn else sum(passing))


class BudgetTooSmallError(Exception):
    """No share-out fits; `least` is the smallest budget in MiB that would."""

    def __init__(self, least: int) -> None:
        super().__init__(f"the least is {least} MiB")
        self.least = least


def share_out(budget: float, sizes: Mapping[str, Weights], *, gpu: bool) -> dict[str, StageShare]:
    """Shares of a budget in MiB for the stages that are there. Raises BudgetTooSmallError.

    From what costs nothing to what costs most time: a smaller cache and smaller windows, layers in 8 bits, layers that
    come from host memory for their turn: the encoder's, which is asked once for a song, then the planner's, then as
    many of the sampler's as do not fit.
    """
    for choice in _CHOICES:
        shares = {stage: _stage_share(stage, weights, choice, gpu=gpu) for stage, weights in sizes.items()}
        left = budget - taken(shares, in_turn=gpu)
        if left >= 0:
            if "dit" in shares and shares["dit"].streams:
                shares["dit"] = _with_more(shares["dit"], left, sizes["dit"], choice.form)
            return shares
    raise BudgetTooSmallError(math.ceil(taken(shares, in_turn=gpu)))


@dataclass(frozen=True)
class _Choice:
    form: str
    window: int
    rows: int
    context: int
    streaming: tuple[str, ...] = ()


_SMALLEST = _Choice("int8", 63, 2, 3072)
_CHOICES = (
    *(
        _Choice(form, window, rows, context)
        for form in ("full", "int8")
        for window in (270, 126, 63)
        for rows, context in ((16, 8192), (8, 8192), (8, 4096), (4, 4096), (2, 4096), (2, 3072))
    ),
    *(
        replace(_SMALLEST, streaming=streaming)
        for streaming in (("encoder",), ("encoder", "planner"), ("encoder", "planner", "dit"))
    ),
)


def _stage_share(stage: str, weights: Weights, choice: _Choice, *, gpu: bool) -> StageShare:
    form = choice.form if stage in ("planner", "dit") else "full"
    streams = stage in choice.streaming and weights.on_their_way(form) < weights.all(form) - weights.outside
    kept: float = CONTEXT_MIB if gpu else 0
    passing: float = _ACTIVATIONS_MIB[stage]
    flags: tuple[str, ...] = ("--share-device", "true", *_BOUNDS[stage])
    if stage in ("planner", "dit"):
        flags += ("--weights", form)
    if stage == "planner":
        flags += ("--rows", str(choice.rows), "--context", str(choice.context))
        kept += weights.cache * choice.rows * choice.context
    if stage == "dit":
        kept += _ITEMS * _MIB_PER_ITEM
    if stage == "vae":
        flags += ("--window-frames", str(choice.window))
        passing += _MIB_PER_FRAME * (choice.window + _MARGIN_FRAMES)
    if not streams:
        return StageShare(weights.all(form), kept, passing, streams, flags)
    on_their_way = weights.on_their_way(form)
    limit = ("--weights-mib", str(math.ceil(weights.outside + on_their_way)))
    return StageShare(weights.outside, kept, passing + on_their_way, streams, (*flags, *limit))


def _with_more(share: StageShare, left: float, weights: Weights, form: str) -> StageShare:
    """With what nobody else needs; the limit is the last flag."""
    staying = min(share.weights + math.floor(left), weights.all(form))
    limit = math.ceil(staying + weights.on_their_way(form))
    return replace(share, weights=staying, flags=(*share.flags[:-1], str(limit)))


def share_line(stage: str, share: StageShare) -> str:
    """What a person reads of a share."""
    form = " in 8 bits" if "int8" in share.flags else ""
    rest = ", the other layers in host memory" if share.streams else ""
    return f"{stage}: at most {share.total:,.0f} MiB, {share.weights:,.0f} MiB of them weights that stay{form}{rest}"


class Size(click.ParamType[float]):
    """A number of bytes such as 4GiB or 4096MiB, as MiB."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Raises a usage error where it is no size."""
        if isinstance(value, float):
            return value
        match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(MiB|GiB|MB|GB|M|G)", value)
        if not match or not float(match[1]):
            self.fail(f"{value!r} is no size; write it as 4GiB or 4096MiB", param, ctx)
        return float(match[1]) * _UNITS[match[2]] / MIB


def _share(form: str) -> float:
    return 1.0 if form == "full" else _INT8_SHARE


def sizes_of(models: Path, variant: str, planner: str | None, itemsize: int) -> dict[str, Weights]:
    """Sizes of a family's stages where weights are computed in so many bytes."""
    package = _elements(models / variant)
    text = _elements(models / "Qwen3-Embedding-0.6B")
    encoder = {key: count for key, count in package.items() if key.startswith(_ENCODER_PREFIXES)}
    dit = {key: count for key, count in package.items() if key.startswith("decoder.")}
    sizes = {}
    if planner:
        config = json.loads((models / planner / "config.json").read_text("utf-8"))
        heads = 2 * config["num_hidden_layers"] * config["num_key_value_heads"] * config["head_dim"]
        sizes["planner"] = _weights(_elements(models / planner), itemsize, heads * itemsize / MIB)
    sizes["encoder"] = _weights({**encoder, **{f"text.{key}": count for key, count in text.items()}}, itemsize)
    sizes["dit"] = _weights(dit, itemsize)
    sizes["vae"] = Weights((), sum(_elements(models / "vae").values()) * itemsize / MIB)
    return sizes


def _weights(elements: Mapping[str, int], itemsize: int, cache: float = 0.0) -> Weights:
    layers: dict[str, int] = {}
    outside = 0
    for key, count in elements.items():
        if layer := _LAYER.match(key):
            layers[layer[1]] = layers.get(layer[1], 0) + count
        else:
            outside += count
    return Weights(tuple(count * itemsize / MIB for count in layers.values()), outside * itemsize / MIB, cache)


def _elements(folder: Path) -> dict[str, int]:
    """Numbers in each tensor of a folder's safetensors files, from their headers alone."""
    return {
        key: math.prod(entry["shape"])
        for file in sorted(folder.glob("*.safetensors"))
        for key, entry in _header(file)
        if key != "__metadata__"
    }


def _header(file: Path) -> Iterator[tuple[str, Any]]:
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        yield from json.loads(stream.read(length)).items()
