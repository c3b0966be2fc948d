"""Weights load straight to the target dtype, and a checkpoint that does not fit is refused with every reason."""

from __future__ import annotations

import json
import logging
import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from services.runtime.checkpoints import CheckpointError, SafetensorsFolder, load_module, read_silence_latents, revision

WEIGHTS = {"net.weight": torch.randn(3, 2), "net.bias": torch.randn(3), "other.weight": torch.randn(1)}


def folder_with(folder: Path, tensors: dict[str, torch.Tensor]) -> Path:
    save_file(tensors, folder / "model.safetensors")
    return folder


def load(folder: Path, dtype: torch.dtype = torch.float32, prefix: str = "net.") -> nn.Linear:
    with torch.device("meta"):
        module = nn.Linear(2, 3)
    load_module(module, SafetensorsFolder(folder), prefix, dtype=dtype, device=torch.device("cpu"))
    return module


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_module_takes_the_keys_under_its_prefix(tmp_path: Path, dtype: torch.dtype) -> None:
    module = load(folder_with(tmp_path, WEIGHTS), dtype)
    assert torch.equal(module.weight, WEIGHTS["net.weight"].to(dtype))
    assert torch.equal(module.bias, WEIGHTS["net.bias"].to(dtype))
    assert not module.weight.requires_grad


def mappings(file: Path) -> int:
    return sum(line.endswith(str(file)) for line in Path("/proc/self/maps").read_text().splitlines())


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="reads Linux's list of mappings")
@pytest.mark.parametrize(("dtype", "expected"), [(torch.float32, 1), (torch.bfloat16, 0)])
def test_weights_lie_in_one_mapping_or_leave_none(tmp_path: Path, dtype: torch.dtype, expected: int) -> None:
    folder_with(tmp_path, WEIGHTS)
    with torch.device("meta"):
        module = nn.Linear(2, 3)
    load_module(module, SafetensorsFolder(tmp_path, dtype=dtype), "net.", dtype=dtype, device=torch.device("cpu"))
    assert module.bias.dtype == dtype
    assert mappings(tmp_path / "model.safetensors") == expected


def test_every_missing_and_misshapen_key_is_named(tmp_path: Path) -> None:
    folder_with(tmp_path, {"net.weight": torch.zeros(3, 5)})
    with pytest.raises(CheckpointError) as refused:
        load(tmp_path)
    file = tmp_path / "model.safetensors"
    assert str(refused.value).splitlines() == [
        f"{file}: key net.weight: expected [3, 2], found [3, 5]",
        f"{file}: key net.bias: expected [3], found nothing",
    ]


def test_unexpected_keys_under_the_prefix_are_warned_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder_with(tmp_path, {**WEIGHTS, "net.extra": torch.zeros(1)})
    with caplog.at_level(logging.WARNING):
        load(tmp_path)
    assert "net.extra" in caplog.text
    assert "other.weight" not in caplog.text


def shards(folder: Path) -> Path:
    save_file({"net.weight": WEIGHTS["net.weight"]}, folder / "a.safetensors")
    save_file({"net.bias": WEIGHTS["net.bias"]}, folder / "b.safetensors")
    weight_map = {"net.weight": "a.safetensors", "net.bias": "b.safetensors"}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    return folder


def test_shards_load_through_their_index(tmp_path: Path) -> None:
    assert torch.equal(load(shards(tmp_path)).bias, WEIGHTS["net.bias"])


def test_a_missing_shard_is_named(tmp_path: Path) -> None:
    (shards(tmp_path) / "b.safetensors").unlink()
    with pytest.raises(CheckpointError, match=r"names shards that are missing: .*b\.safetensors"):
        load(tmp_path)


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    file = folder_with(tmp_path, WEIGHTS) / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-4])
    with pytest.raises(CheckpointError, match="is not a whole safetensors file"):
        load(tmp_path)


def test_no_file_at_all(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="there is no such file"):
        load(tmp_path)


def test_silence_latents_are_transposed(tmp_path: Path) -> None:
    silence = torch.randn(1, 4, 10)
    torch.save(silence, tmp_path / "silence_latent.pt")
    assert torch.equal(read_silence_latents(tmp_path, 4), silence[0].T)


def test_silence_latents_of_the_wrong_shape_are_refused(tmp_path: Path) -> None:
    torch.save(torch.randn(1, 10, 4), tmp_path / "silence_latent.pt")
    with pytest.raises(CheckpointError, match=r"expected \[1, 4, frames\], found \[1, 10, 4\]"):
        read_silence_latents(tmp_path, 4)


def test_a_pickle_that_would_run_code_is_refused(tmp_path: Path) -> None:
    """An archive of torch.save's form whose pickle calls os.system, assembled by hand."""
    trap = tmp_path / "sprung"
    program = f"cos\nsystem\n(Vtouch {trap}\ntR.".encode()
    with zipfile.ZipFile(tmp_path / "silence_latent.pt", "w") as archive:
        archive.writestr("archive/data.pkl", program)
        archive.writestr("archive/version", "3\n")
    with pytest.raises(CheckpointError, match="cannot be read as a tensor"):
        read_silence_latents(tmp_path, 4)
    assert not trap.exists()


def test_the_revision_follows_the_content(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_bytes(b"one")
    second.write_bytes(b"two")
    before = revision([first, second])
    assert before == revision([second, first])
    second.write_bytes(b"too")
    assert before != revision([first, second])
