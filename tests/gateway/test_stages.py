"""Clients of the stages keep to what a server takes, whatever its model and however large the request."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from gateway.stages import Stages
from quartet import tensors
from quartet.errors import InvalidRequestError
from quartet.v1 import dit_pb2
from services.encoder.servicer import MAX_REFERENCES
from services.encoder.tokenization import MAX_CAPTION_TOKENS, MAX_LYRIC_TOKENS
from serving.messages import MAX_CONDITION_TOKENS, MAX_MESSAGE_BYTES, MAX_SAMPLE_BYTES
from serving.telemetry import Telemetry
from tests.support.processes import running

WIDTH, FRAMES = 2048, 15_000


def largest() -> dit_pb2.SampleRequest:
    """Two conditions, ten minutes of every kind of latents, and every choice among the frames."""
    condition = tensors.encode(np.zeros((MAX_CONDITION_TOKENS, WIDTH), np.float32))
    latents = tensors.encode(np.zeros((FRAMES, 64), np.float32))
    chosen = tensors.encode(np.ones(FRAMES, np.bool_))
    return dit_pb2.SampleRequest(
        condition=condition,
        null_condition=tensors.encode(np.zeros((1, WIDTH), np.float32)),
        frames=FRAMES,
        source_latents=latents,
        silenced=chosen,
        mask=chosen,
        noise=latents,
        schedule=dit_pb2.Schedule(timesteps=np.linspace(1, 0.01, 200)),
        start=dit_pb2.Start(latents=latents, noise=0.5),
        variation=dit_pb2.Variation(variance=0.5, seed=1),
        switch=dit_pb2.ConditionSwitch(strength=0.5, condition=condition, source_latents=latents),
        keep=dit_pb2.Keep(latents=latents, injection=0.5, free=chosen),
    )


def test_the_limit_is_that_of_the_largest_request() -> None:
    assert MAX_SAMPLE_BYTES - 2**16 < largest().ByteSize() <= MAX_SAMPLE_BYTES


def test_what_the_encoder_can_write_fits_into_its_answer_and_twice_into_a_request() -> None:
    tokens = MAX_CAPTION_TOKENS + MAX_LYRIC_TOKENS + MAX_REFERENCES
    assert tokens <= MAX_CONDITION_TOKENS
    assert tokens * WIDTH * 4 < MAX_MESSAGE_BYTES


async def test_the_largest_request_arrives_at_the_dit(dit_address: str) -> None:
    """The tiny model has another width: it has read the whole message when it says so."""
    addresses = dict.fromkeys(("encoder", "dit", "vae"), dit_address)
    async with Stages.connected(addresses, Telemetry.off()) as stages:
        with pytest.raises(InvalidRequestError) as refused:
            async for _ in stages.sample(largest(), seconds_left=60):
                pass
    fields = {violation.field for violation in refused.value.violations}
    assert {"condition", "switch.condition", "source_latents", "noise", "start.latents", "keep.latents"} <= fields


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
