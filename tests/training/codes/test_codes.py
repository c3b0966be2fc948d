"""Audio codes by themselves: they learn latents, say them as the encoder stage does, and a transformer takes them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from services.encoder import checkpoint
from services.encoder.config import EncoderConfig
from tests.training.dit.conftest import SIZE, energies
from training.codes import __main__ as trainer
from training.codes.examples import Windows
from training.codes.network import AudioCodes
from training.codes.task import CodesTask
from training.dit.export import write_text_encoder
from training.dit.network import SongModel
from training.latents import LatentStore, write_latents, write_silence
from training.loop import LoopSettings, run
from training.model_configs import dit_config, qwen3_config
from training.tiny_tokenizer import END_OF_TEXT, write_tiny_tokenizer
from training.weights import initialise

CONFIG = dit_config(SIZE, "base", "float32")


@pytest.fixture(scope="module")
def latents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("latents")
    write_latents(folder, "clips", [3, 4], energies, 8_000, seconds=4.0)
    write_silence(folder, energies, 8_000)
    return folder


@pytest.fixture
def codes() -> AudioCodes:
    network = AudioCodes(EncoderConfig.from_json(CONFIG))
    initialise(network, 0)
    return network


def test_a_batch_holds_all_whole_windows_of_its_clips(latents: Path) -> None:
    windows = Windows(LatentStore.open(latents), clips=3, seed=0)
    assert [clip.shape for clip in windows.batch(0)] == [(20, 5, SIZE.latent_channels)] * 3
    assert all(torch.equal(*pair) for pair in zip(windows.batch(1), windows.batch(1), strict=True))


def test_they_learn_two_clips(codes: AudioCodes, latents: Path, tmp_path: Path) -> None:
    windows = Windows(LatentStore.open(latents), clips=2, seed=0)
    task = CodesTask(codes, windows, windows, units=2, loudness=1.0, bfloat16=False)
    before = float(task.loss(0)[1]["codes"].detach())
    loop = LoopSettings(
        steps=150, learning_rate=3e-3, warmup_steps=10, sample_every=150, save_every=150, ema_decay=0.95
    )
    assert run(task, loop, tmp_path).measured["codes"] < 0.5 * before


def test_what_is_trained_is_what_the_encoder_stage_says_and_reads(
    latents: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer, "NANO", SIZE)
    folder = tmp_path / "models" / checkpoint.TEXT_ENCODER
    folder.mkdir(parents=True)
    ids = write_tiny_tokenizer(folder, append_end_of_text=True)
    text = qwen3_config(SIZE.text, len(ids), begin=ids[END_OF_TEXT], end=ids[END_OF_TEXT])
    model = SongModel(CONFIG, text)
    initialise(model, 1)
    write_text_encoder(tmp_path / "models", model.text_encoder, text)
    settings = trainer.CodesTrainingSettings(
        data=latents,
        held_out=latents,
        models=tmp_path / "models",
        output=tmp_path / "codes",
        steps=20,
        learning_rate=1e-2,
        warmup_steps=1,
        clips=2,
        dtype="float32",
    )
    assert trainer.main(settings)
    encoder = checkpoint.load(tmp_path / "models", settings.variant, dtype=torch.float32, device=torch.device("cpu"))
    package = encoder.model.package
    windows = Windows(LatentStore.open(latents), clips=1, seed=5).batch(0)[0]
    served = encoder.model.detokenize(encoder.model.tokenize(windows))
    trained = AudioCodes(
        EncoderConfig.from_json(json.loads((tmp_path / "models" / settings.variant / "config.json").read_text()))
    )
    trained.tokenizer, trained.detokenizer = package.tokenizer, package.detokenizer
    with torch.no_grad():
        torch.testing.assert_close(trained(windows), served, rtol=1e-4, atol=1e-4)
    untrained = AudioCodes(trained.tokenizer.attention_pooler.config)
    initialise(untrained, settings.seed)
    with torch.no_grad():
        assert (served - windows).square().mean() < (untrained(windows) - windows).square().mean()
