"""Writes safetensors files tensor by tensor, so that a checkpoint may be larger than memory."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path

import torch

from training.whole_files import whole

_NAMES = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16"}
_ALIGNMENT = 8

Shapes = Mapping[str, tuple[int, ...]]
Fill = Callable[[str, tuple[int, ...]], torch.Tensor]


def write_safetensors(path: Path, shapes: Shapes, dtype: torch.dtype, fill: Fill) -> None:
    """Writes one file of the tensors that `fill(key, shape)` makes, holding one of them at a time.

    Equal tensors give equal bytes. The file appears under its name once it is whole.
    """
    with whole(path) as partial, partial.open("wb") as stream:
        stream.write(_header(shapes, dtype))
        for key, shape in shapes.items():
            tensor = fill(key, shape).to(dtype).contiguous()
            stream.write(tensor.reshape(-1).view(torch.uint8).numpy().data)


def write_shards(folder: Path, name: str, shapes: Shapes, dtype: torch.dtype, fill: Fill, shards: int) -> None:
    """Writes the tensors into several files of about equal size and an index beside them, as the hub lays them out."""
    total = sum(math.prod(shape) for shape in shapes.values())
    parts: list[dict[str, tuple[int, ...]]] = [{} for _ in range(shards)]
    written = 0
    for key, shape in shapes.items():
        parts[written * shards // total][key] = shape
        written += math.prod(shape)
    stem, suffix = name.rsplit(".", 1)
    names = [f"{stem}-{number:05d}-of-{shards:05d}.{suffix}" for number in range(1, shards + 1)]
    for shard, part in zip(names, parts, strict=True):
        write_safetensors(folder / shard, part, dtype, fill)
    index = {
        "metadata": {"total_size": total * dtype.itemsize},
        "weight_map": {key: shard for shard, part in zip(names, parts, strict=True) for key in part},
    }
    (folder / f"{name}.index.json").write_text(json.dumps(index, indent=2) + "\n", "utf-8")


def _header(shapes: Shapes, dtype: torch.dtype) -> bytes:
    """Length in 8 bytes, then JSON with the place of every tensor, filled with spaces to whole words."""
    entries: dict[str, object] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for key, shape in shapes.items():
        end = offset + math.prod(shape) * dtype.itemsize
        entries[key] = {"dtype": _NAMES[dtype], "shape": list(shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(entries, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    return len(text).to_bytes(8, "little") + text
