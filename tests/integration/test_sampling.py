"""What a song asks of its sampling, from the client to the DiT and into its record, and what becomes of its latents."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from quartet import Client, Edit, Extend, Region, Repaint, Song, SongSpec, load_record, save_record, tensors
from quartet.v1 import dit_pb2, vae_pb2, vae_pb2_grpc
from tests.support.processes import running
from tests.support.recording import Recorder, recording

RATE = 48_000
CROSSFADE = RATE // 40
SONG = SongSpec("a slow piano over rain", duration=2.0, seeds=(3,), steps=2, format="wav32f", keep_level=True)
CHANGED = dataclasses.replace(SONG, latent_rescale=1.5, latent_shift=-0.125)
CUSTOM = SongSpec(
    SONG.caption,
    duration=1.0,
    seeds=(3,),
    timesteps=(0.98, 0.6, 0.2),
    snap_timesteps=True,
    wavelet_correction=(0.25, 0.125),
    wavelet_mode="low",
    wavelet="sym8",
    velocity_clamp=1.5,
    velocity_ema=0.25,
    latent_shift=0.125,
    latent_rescale=0.75,
)

Floats = npt.NDArray[np.float32]


@pytest.fixture(scope="module")
def stages(dit_address: str, vae_address: str) -> Iterator[dict[str, Recorder]]:
    with recording(dit_address) as sampling, recording(vae_address) as coding:
        yield {"dit": sampling, "vae": coding}


@pytest.fixture(scope="module")
def client(
    encoder_address: str, stages: dict[str, Recorder], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Client]:
    addresses = ("--encoder", encoder_address, "--dit", stages["dit"].address, "--vae", stages["vae"].address)
    data = tmp_path_factory.mktemp("gateway")
    with running("gateway", *addresses, "--port", "0", "--data", str(data)) as server, Client(server.address) as client:
        yield client


def asked(stages: dict[str, Recorder]) -> dit_pb2.SampleRequest:
    """What the DiT was asked last."""
    return stages["dit"].requests("Sample", dit_pb2.SampleRequest)[-1]


def sampled(stages: dict[str, Recorder]) -> Floats:
    """What the DiT made last [frames, channels]."""
    latents = stages["dit"].responses("Sample", dit_pb2.SampleResponse)[-1].result.latents
    return tensors.decode_float32(latents, (None, None))


def to_decode(stages: dict[str, Recorder]) -> Floats:
    """What the VAE was asked to decode last [frames, channels]."""
    return tensors.decode_float32(stages["vae"].requests("Decode", vae_pb2.DecodeRequest)[-1].latents, (None, None))


def decoded(address: str, latents: Floats) -> Floats:
    """What the VAE itself makes of latents [samples, channels]."""
    with grpc.insecure_channel(address) as channel:
        request = vae_pb2.DecodeRequest(latents=tensors.encode(latents))
        replies = list(vae_pb2_grpc.VaeServiceStub(channel).Decode(request))
    chunks = [tensors.decode_float32(reply.chunk.pcm, (None, 2)) for reply in replies if reply.HasField("chunk")]
    return np.concatenate(chunks)


def pcm_of(song: Song) -> Floats:
    return np.asarray(soundfile.read(io.BytesIO(song.files[0]), always_2d=True)[0], np.float32)


def test_every_setting_reaches_the_sampler_and_stays_in_the_record(
    client: Client, stages: dict[str, Recorder], tmp_path: Path
) -> None:
    made = client.generate(CUSTOM)
    request = asked(stages)
    assert request.schedule == dit_pb2.Schedule(timesteps=CUSTOM.timesteps, snap=True)
    assert request.wavelet_correction == dit_pb2.WaveletCorrection(
        low=0.25, high=0.125, mode="WAVELET_MODE_LOW", wavelet="WAVELET_SYM8"
    )
    assert (request.velocity_clamp, request.velocity_ema) == (1.5, 0.25)
    timesteps = made.record.items[0].timesteps
    assert len(timesteps) == 3
    assert timesteps != CUSTOM.timesteps
    given = [field.name for field in dataclasses.fields(SongSpec) if getattr(CUSTOM, field.name) != field.default]
    assert [getattr(made.record.song, name) for name in given] == [getattr(CUSTOM, name) for name in given]
    record = load_record(save_record(made.record, tmp_path / "song.json"))
    assert record == made.record
    assert client.generate(record.spec_of()).files == made.files


def test_what_is_open_is_left_to_the_model(client: Client, stages: dict[str, Recorder]) -> None:
    made = client.generate(SONG)
    request = asked(stages)
    assert request.schedule == dit_pb2.Schedule(steps=2)
    assert not request.HasField("velocity_clamp")
    assert not request.HasField("velocity_ema")
    assert request.wavelet_correction == dit_pb2.WaveletCorrection(
        low=0.05, high=0.02, mode="WAVELET_MODE_DOUBLE", wavelet="WAVELET_HAAR"
    )
    assert to_decode(stages).tobytes() == sampled(stages).tobytes()
    neutral = dataclasses.replace(
        SONG,
        wavelet_correction=(0.05, 0.02),
        velocity_clamp=0.0,
        velocity_ema=0.0,
        latent_shift=0.0,
        latent_rescale=1.0,
    )
    assert client.generate(neutral).files == made.files


@pytest.mark.parametrize(
    "changes",
    [
        {"wavelet": "db4"},
        {"wavelet_mode": "high"},
        {"velocity_clamp": 0.1},
        {"velocity_ema": 0.5},
        {"latent_shift": 0.2},
        {"latent_rescale": 0.5},
    ],
)
def test_every_setting_is_heard(client: Client, changes: dict[str, Any]) -> None:
    plain = dataclasses.replace(SONG, duration=1.0, wavelet_correction=(0.5, 0.5))
    changed = dataclasses.replace(plain, **changes)
    assert not np.array_equal(pcm_of(client.generate(changed)), pcm_of(client.generate(plain)))


def test_a_correction_of_an_edit_is_said_to_be_ignored(client: Client) -> None:
    source = client.generate(SONG).record.items[0].audio_id
    edit = dataclasses.replace(SONG, duration=None, task=Edit(source, "a slow guitar"))
    plain = client.generate(edit).record
    assert plain.song.wavelet_correction is None
    assert not any("wavelet" in warning for warning in plain.warnings)
    asked_for = client.generate(edit, wavelet_correction=(0.1, 0.1)).record
    assert any("wavelet correction is ignored in an edit" in warning for warning in asked_for.warnings)


def test_a_song_is_decoded_from_its_changed_latents(
    client: Client, stages: dict[str, Recorder], vae_address: str
) -> None:
    """spec/model.md §5.9."""
    made = client.generate(CHANGED)
    changed = sampled(stages) * np.float32(1.5) + np.float32(-0.125)
    assert np.array_equal(to_decode(stages), changed)
    expected = decoded(vae_address, changed)
    np.testing.assert_allclose(pcm_of(made), expected / max(np.abs(expected).max(), 1), rtol=0, atol=1e-6)


def test_what_is_made_into_a_changed_song_leaves_it_as_it_is(client: Client, stages: dict[str, Recorder]) -> None:
    first = client.generate(CHANGED)
    sound = to_decode(stages)
    repaint = dataclasses.replace(CHANGED, task=Repaint(first.record.items[0].audio_id, (Region(1.0),)), duration=None)
    second = client.generate(repaint)
    assert np.array_equal(tensors.decode_float32(asked(stages).source_latents, (None, None)), sound)
    new = sampled(stages)[25:] * np.float32(1.5) + np.float32(-0.125)
    kept = slice(0, RATE - CROSSFADE)
    assert np.array_equal(pcm_of(second)[kept], pcm_of(first)[kept])

    extend = dataclasses.replace(repaint, task=Extend(second.record.items[0].audio_id, after=1.0))
    third = client.generate(extend)
    heard = tensors.decode_float32(asked(stages).source_latents, (None, None))
    assert np.array_equal(heard, np.concatenate((sound[:25], new)))
    kept = slice(0, 2 * RATE - CROSSFADE)
    assert np.array_equal(pcm_of(third)[kept], pcm_of(second)[kept])
