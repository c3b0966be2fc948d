"""Clients of the stages keep to what a server takes, whatever its model."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np

from gateway.stages import Stages
from quartet import tensors
from serving.telemetry import Telemetry
from tests.support.processes import running


async def test_audio_goes_to_a_codec_of_another_rate_in_parts_that_it_takes(tiny_models: Path, tmp_path: Path) -> None:
    """A part is one second at most, and this codec's has half as many samples as that of the public models."""
    shutil.copytree(tiny_models / "vae", tmp_path / "vae")
    config = json.loads((tmp_path / "vae" / "config.json").read_text())
    (tmp_path / "vae" / "config.json").write_text(json.dumps({**config, "sampling_rate": 24_000}))
    sound = np.zeros((60_000, 2), np.float32)
    with running("services.vae", "--models", str(tmp_path)) as server:
        addresses = dict.fromkeys(("encoder", "dit", "vae"), server.address)
        async with Stages.connected(addresses, Telemetry.off()) as stages:
            codec = await stages.codec()
            latents, _ = await stages.encode_audio(sound, codec.rate, seed=1, seconds_left=60.0)
    assert codec.rate == 24_000
    assert len(tensors.decode_float32(latents, (None, None))) == 60_000 // 1920
