"""The codec that is trained is the one that is served, and it learns."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from diffusers import AutoencoderOobleck
from safetensors.torch import load_file

from services.vae import checkpoint
from services.vae.config import VaeConfig
from tests.parity.tolerance import relative_error
from training.audio_bank import open_bank, write_shard
from training.loop import STATE, LoopSettings, run
from training.vae.export import write_codec
from training.vae.losses import LossWeights
from training.vae.network import TrainableCodec
from training.vae.task import Batches, VaeTask
from training.vae.transform import principal_components

CPU = torch.device("cpu")
SMALL: dict[str, Any] = {
    "_class_name": "AutoencoderOobleck",
    "audio_channels": 2,
    "channel_multiples": [1, 2],
    "decoder_channels": 12,
    "decoder_input_channels": 8,
    "downsampling_ratios": [4, 10],
    "encoder_hidden_size": 16,
    "sampling_rate": 8_000,
}
CONFIG = VaeConfig.from_json(SMALL)
IDLE = ("encoder.block.0",)


def chord(seconds: float) -> npt.NDArray[np.float32]:
    """Decaying harmonics, wider on the left, and a soft hit of noise."""
    times = np.arange(int(seconds * CONFIG.sampling_rate)) / CONFIG.sampling_rate
    random = np.random.default_rng(0)
    tones = sum(np.sin(2 * np.pi * 110 * ratio * k * times) / k**2 for ratio in (1, 1.25, 1.5) for k in (1, 2, 3))
    hit = 0.02 * random.standard_normal(len(times)) * np.exp(-20 * times)
    mono = 0.2 * tones * np.exp(-0.8 * times) + hit
    return np.stack([mono, 0.6 * mono + 0.1 * np.sin(2 * np.pi * 55 * times)], axis=1).astype(np.float32)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bank in which the clip that is measured is the one that is trained on."""
    folder = tmp_path_factory.mktemp("bank")
    write_shard(folder, "chord", [(0, chord(1.0)), (1, chord(1.0))], CONFIG.sampling_rate)
    return folder


@pytest.fixture
def weights() -> dict[str, torch.Tensor]:
    """Weights none of which is zero, of a codec without idle parts."""
    initial = TrainableCodec(CONFIG).initial(0, CPU)
    generator = torch.Generator().manual_seed(1)
    return {
        key: tensor.detach() + 0.05 * torch.randn(tensor.shape, generator=generator) for key, tensor in initial.items()
    }


def task(
    data: Path, *, idle: tuple[str, ...] = (), kind: type[VaeTask] = VaeTask, fixed_encoder: bool = False
) -> VaeTask:
    bank = open_bank(data, rate=CONFIG.sampling_rate, channels=2, shortest=10 * CONFIG.hop)
    return kind(
        TrainableCodec(CONFIG, idle),
        bank,
        Batches(items=2, frames=50, seed=0),
        LossWeights(windows=(512, 128, 32)),
        principal_components([chord(1.0)], CONFIG.hop, CONFIG.latent_channels),
        fixed_encoder=fixed_encoder,
        device=CPU,
        bfloat16=False,
    )


class Falling(VaeTask):
    """Dies in its third batch."""

    def loss(self, batch: int) -> tuple[torch.Tensor, Mapping[str, torch.Tensor]]:
        if batch == 2:
            raise MemoryError
        return super().loss(batch)


@pytest.mark.parametrize("idle", [(), IDLE], ids=["all", "idle"])
def test_the_served_codec_is_the_trained_one(
    tmp_path: Path, weights: dict[str, torch.Tensor], idle: tuple[str, ...]
) -> None:
    codec = TrainableCodec(CONFIG, idle)
    trained = {key: weights[key].requires_grad_() for key in codec.initial(0, CPU)}
    write_codec(tmp_path, codec, trained, latent_std=1.0, dtype=torch.float32)
    served = checkpoint.load(tmp_path, dtype=torch.float32, device=CPU).model
    pcm, noise = torch.from_numpy(chord(0.5))[None], torch.randn(1, 100, 8)
    found = codec.reconstruct(trained, pcm, noise)
    with torch.inference_mode():
        posterior = served.encode(pcm)
        decoded = served.decode(posterior.mean + posterior.std * noise)
        assert relative_error(found.posterior.mean, posterior.mean) <= 1e-5
        assert relative_error(found.posterior.std, posterior.std) <= 1e-5
        assert relative_error(found.pcm, decoded) <= 1e-5


def test_one_short_piece_has_the_gradients_of_two_that_are_alike(weights: dict[str, torch.Tensor]) -> None:
    """CPUs take other kernels for so little."""
    codec = TrainableCodec(CONFIG)
    pcm, noise = torch.from_numpy(chord(0.05))[None], torch.randn(1, 10, 8)

    def gradients(items: int) -> list[torch.Tensor]:
        leaves = {key: weights[key].detach().requires_grad_() for key in codec.initial(0, CPU)}
        found = codec.reconstruct(leaves, pcm.expand(items, -1, -1), noise.expand(items, -1, -1))
        return list(torch.autograd.grad(found.pcm.square().mean(), list(leaves.values()), allow_unused=True))

    for one, two in zip(gradients(1), gradients(2), strict=True):
        assert (one is None) is (two is None)
        assert one is None or relative_error(one, two) <= 1e-4


def test_diffusers_reads_the_exported_codec(tmp_path: Path, weights: dict[str, torch.Tensor]) -> None:
    codec = TrainableCodec(CONFIG, IDLE)
    trained = {key: weights[key] for key in codec.initial(0, CPU)}
    write_codec(tmp_path, codec, trained, latent_std=1.0, dtype=torch.float32)
    config = json.loads((tmp_path / "vae" / "config.json").read_text())
    theirs = AutoencoderOobleck(**{key: value for key, value in config.items() if key[0] != "_"})
    theirs.load_state_dict(load_file(tmp_path / "vae" / checkpoint.WEIGHTS), strict=True)
    pcm, noise = torch.from_numpy(chord(0.5))[None], torch.randn(1, 100, 8)
    found = codec.reconstruct(trained, pcm, noise)
    with torch.inference_mode():
        posterior = theirs.eval().encode(pcm.transpose(1, 2)).latent_dist
        latents = posterior.mean + posterior.std * noise.transpose(1, 2)
        decoded = theirs.decode(latents).sample.transpose(1, 2)
    assert relative_error(found.pcm, decoded) <= 1e-5


def test_latents_are_exported_at_unit_scale(tmp_path: Path, weights: dict[str, torch.Tensor]) -> None:
    codec, models = TrainableCodec(CONFIG), []
    for number, latent_std in enumerate((1.0, 2.5)):
        write_codec(tmp_path / str(number), codec, weights, latent_std, torch.float32)
        models.append(checkpoint.load(tmp_path / str(number), dtype=torch.float32, device=CPU).model)
    pcm = torch.from_numpy(chord(0.5))[None]
    with torch.inference_mode():
        plain, scaled = (model.encode(pcm) for model in models)
        decoded = [model.decode(posterior.mean) for model, posterior in zip(models, (plain, scaled), strict=True)]
    assert relative_error(2.5 * scaled.mean, plain.mean) <= 1e-5
    assert relative_error(2.5 * scaled.std, plain.std) <= 0.05
    assert relative_error(decoded[1], decoded[0]) <= 1e-5


def test_every_trained_tensor_gets_a_gradient(data: Path) -> None:
    learning = task(data, idle=IDLE)
    loss, _ = learning.loss(0)
    loss.backward()  # type: ignore[no-untyped-call]
    without = [key for key, weight in learning.parameters.items() if weight.grad is None or not weight.grad.any()]
    assert without == []
    assert not any(key.startswith("encoder.block.0.res_unit") for key in learning.parameters)


def test_one_clip_is_learned(data: Path, tmp_path: Path) -> None:
    settings = LoopSettings(
        steps=100, learning_rate=5e-3, warmup_steps=20, ema_decay=0.95, save_every=100, sample_every=100, log_every=20
    )
    learning = task(data, idle=IDLE)
    before = learning.sample(learning.parameters, tmp_path / "before")
    outcome = run(learning, settings, tmp_path)
    after = learning.sample(outcome.averaged, tmp_path / "after")
    assert after["si_sdr_db"] > max(10, before["si_sdr_db"] + 3)
    assert (tmp_path / "after" / "clip-0-before-and-after.flac").stat().st_size > 0


def test_a_fixed_encoder_stays_as_it_was(data: Path, tmp_path: Path) -> None:
    learning = task(data, idle=("encoder.",), fixed_encoder=True)
    run(learning, LoopSettings(steps=2, warmup_steps=0, save_every=2, sample_every=2, log_every=2), tmp_path)
    again = task(data, idle=("encoder.",), fixed_encoder=True)
    assert all(torch.equal(tensor, again.fixed[key]) for key, tensor in learning.fixed.items())
    assert {key.split(".")[0] for key in learning.parameters} == {"decoder"}
    assert {key.split(".")[0] for key in learning.fixed} == {"encoder"}


def test_a_resumed_training_equals_an_uninterrupted_one(data: Path, tmp_path: Path) -> None:
    settings = LoopSettings(steps=4, warmup_steps=0, save_every=2, sample_every=4, log_every=2)
    run(task(data), settings, tmp_path / "whole")

    with pytest.raises(MemoryError):
        run(task(data, kind=Falling), settings, tmp_path / "parts")
    run(task(data), settings, tmp_path / "parts")
    whole, parts = (load_file(tmp_path / name / STATE) for name in ("whole", "parts"))
    assert all(torch.equal(tensor, parts[name]) for name, tensor in whole.items())


def command(data: Path, folder: Path, **changes: Any) -> list[str]:
    """What trains a small codec in a folder."""
    config = folder / "config.json"
    config.write_text(json.dumps({**SMALL, **changes}))
    flags = {
        "data": data, "output": folder / "run", "config": config, "steps": 3, "frames": 25, "items": 1,
        "save-every": 3, "log-every": 1, "threads": 1, "energies": "false",
    }  # fmt: skip
    return [sys.executable, "-m", "training.vae", *(f"--{name}={value}" for name, value in flags.items())]


def test_the_command_trains_and_exports_and_trains_further(data: Path, tmp_path: Path) -> None:
    """With a fixed encoder, whose latents are left at their scale, and without a learning rate it stays as it is."""
    done = subprocess.run(command(data, tmp_path), check=True, capture_output=True, text=True)
    assert "step 3, 0 skipped: finished" in done.stdout
    served = checkpoint.load(tmp_path / "run", dtype=torch.float32, device=CPU).model
    assert served.config == CONFIG
    before = load_file(tmp_path / "run" / "vae" / checkpoint.WEIGHTS)
    assert before["encoder.conv1.bias"].dtype == torch.float16

    further = [flag for flag in command(data, tmp_path) if not flag.startswith("--output")]
    flags = (f"--begin={tmp_path / 'run'}", f"--output={tmp_path / 'further'}", "--learning-rate=0", "--encoder=fixed")
    subprocess.run([*further, *flags], check=True)
    after = load_file(tmp_path / "further" / "vae" / checkpoint.WEIGHTS)
    assert all(torch.equal(after[key], tensor) for key, tensor in before.items())


def test_the_command_refuses_bad_data_with_the_file_and_the_reason(data: Path, tmp_path: Path) -> None:
    refused = subprocess.run(command(data, tmp_path, sampling_rate=48_000), check=False, capture_output=True, text=True)
    assert refused.returncode == 1
    assert refused.stderr.strip() == (
        f"error: {data / 'chord.json'}: rate is 8000, expected 48000; render the clips for it"
    )


def test_the_command_refuses_a_codec_without_room_for_loudnesses(data: Path, tmp_path: Path) -> None:
    flags = [flag for flag in command(data, tmp_path) if not flag.startswith("--energies")]
    refused = subprocess.run(flags, check=False, capture_output=True, text=True)
    assert refused.returncode == 1
    assert "the codec has 8 latents, of which 16 are loudnesses" in refused.stderr
