"""Files that are written tensor by tensor are what the safetensors library reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from services.runtime.checkpoints import SafetensorsFolder
from training.safetensors_stream import write_safetensors, write_shards

SHAPES: dict[str, tuple[int, ...]] = {"b.weight": (3, 5), "a.table": (1, 2, 4), "odd": (7,), "scalar": (1,)}


def tensor(key: str, shape: tuple[int, ...]) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(len(key)))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_the_library_reads_what_was_written(tmp_path: Path, dtype: torch.dtype) -> None:
    write_safetensors(tmp_path / "model.safetensors", SHAPES, dtype, tensor)
    read = load_file(tmp_path / "model.safetensors")
    assert read.keys() == SHAPES.keys()
    assert all(torch.equal(read[key], tensor(key, shape).to(dtype)) for key, shape in SHAPES.items())


def test_a_file_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    def breaks_down(key: str, shape: tuple[int, ...]) -> torch.Tensor:
        assert not (tmp_path / "model.safetensors").exists()
        if key == "odd":
            raise KeyboardInterrupt
        return tensor(key, shape)

    with pytest.raises(KeyboardInterrupt):
        write_safetensors(tmp_path / "model.safetensors", SHAPES, torch.float32, breaks_down)
    assert not (tmp_path / "model.safetensors").exists()


@pytest.mark.parametrize("shards", [1, 2, 3])
def test_shards_are_found_through_their_index(tmp_path: Path, shards: int) -> None:
    write_shards(tmp_path, "model.safetensors", SHAPES, torch.float32, tensor, shards)
    folder = SafetensorsFolder(tmp_path)
    assert len(folder.files) == shards
    assert folder.shapes() == SHAPES
    assert all(torch.equal(folder.read(key), tensor(key, shape)) for key, shape in SHAPES.items())
    index = json.loads((tmp_path / "model.safetensors.index.json").read_text())
    assert index["metadata"]["total_size"] == 4 * (15 + 8 + 7 + 1)
