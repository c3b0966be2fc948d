"""A server that cannot start says in one sentence why."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

from safetensors import safe_open
from safetensors.torch import save_file

from tests.support.processes import running


def fails_to_start(module: str, *flags: str) -> str:
    ended = subprocess.run([sys.executable, "-m", module, *flags], capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    return ended.stderr.strip().splitlines()[-1]


def test_a_port_in_use(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        complaint = fails_to_start("gateway", "--port", port, "--data", str(tmp_path))
    assert complaint.startswith(f"error: cannot listen on 127.0.0.1:{port}")


def test_a_data_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "choose another --data" in fails_to_start("gateway", "--port", "0", "--data", str(tmp_path / "file" / "x"))


def test_a_checkpoint_that_misses_a_shard(tiny_models: Path, tmp_path: Path) -> None:
    """A checkpoint in two shards loads; without one of them it is refused by name."""
    folder = tmp_path / "acestep-v15-turbo"
    folder.mkdir()
    for name in ("config.json", "silence_latent.pt"):
        (folder / name).write_bytes((tiny_models / folder.name / name).read_bytes())
    with safe_open(tiny_models / folder.name / "model.safetensors", "pt") as whole:
        tensors = {key: whole.get_tensor(key) for key in whole.keys()}  # noqa: SIM118 - no mapping
    names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    shard_of = {key: names[number % 2] for number, key in enumerate(tensors)}
    for name in names:
        save_file({key: tensor for key, tensor in tensors.items() if shard_of[key] == name}, folder / name)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": shard_of}))
    with running("services.dit", "--models", str(tmp_path)):
        pass
    (folder / names[1]).unlink()
    assert names[1] in fails_to_start("services.dit", "--models", str(tmp_path))
