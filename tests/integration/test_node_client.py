"""A client in another language: Node makes a song with nothing but our protos and its own gRPC packages."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import soundfile

FOLDER = Path(__file__).parent / "node"
PROTOS = Path(__file__).parents[2] / "protos"


@pytest.fixture(scope="module")
def node() -> str:
    """The program; its packages are installed."""
    program, npm = shutil.which("node"), shutil.which("npm")
    if program is None or npm is None:
        missing = "Node or npm is not installed: the client in another language is not tested"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    subprocess.run([npm, "ci", "--silent", "--no-audit", "--no-fund"], cwd=FOLDER, check=True, timeout=200)
    return program


def test_a_song_from_node(node: str, gateway_address: str, tmp_path: Path) -> None:
    output = tmp_path / "song.flac"
    command = [node, "song.mjs", gateway_address, str(PROTOS), str(output)]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    assert "sample 8/8" in done.stdout
    assert "seed 7" in done.stdout
    info = soundfile.info(output)
    assert (info.samplerate, info.channels, info.frames) == (48_000, 2, 96_000)
