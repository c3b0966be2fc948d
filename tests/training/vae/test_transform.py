"""A codec that begins as a lapped transform rebuilds what its components hold, before any training."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from services.vae.config import VaeConfig
from training.model_configs import nano_vae_config
from training.synth.clip import make_clip
from training.vae.energies import ENERGIES, listen
from training.vae.losses import si_sdr
from training.vae.network import TrainableCodec
from training.vae.transform import (
    Components,
    components_of,
    lapped_transform,
    principal_components,
    start_as_transform,
)
from training.vae.windows import Samples, windows_of

NANO = VaeConfig.from_json(nano_vae_config())
RATE = 4_000
CONFIG = VaeConfig.from_json(
    {
        "audio_channels": 2,
        "channel_multiples": [2, 2, 2],
        "decoder_channels": 32,
        "decoder_input_channels": 16,
        "downsampling_ratios": [2, 4, 10],
        "encoder_hidden_size": 32,
        "sampling_rate": RATE,
    }
)


def tones(seed: int) -> Samples:
    """Low tones, most of them in the middle."""
    random = np.random.default_rng(seed)
    time = np.arange(2 * RATE)[:, None] / RATE
    hertz, phase = random.uniform(40, 180, 4), random.uniform(0, 6, 4)
    voices = np.sin(2 * np.pi * hertz * time + phase)
    pan = np.stack([np.full(4, 0.5), random.uniform(0.3, 0.7, 4)], axis=1)
    sound: Samples = (0.2 * voices @ pan).astype(np.float32)
    return sound


@pytest.fixture(scope="module")
def components() -> Components:
    return principal_components((tones(seed) for seed in range(20)), CONFIG.hop, CONFIG.latent_channels)


def started(components: Components) -> tuple[TrainableCodec, dict[str, torch.Tensor]]:
    codec = TrainableCodec(CONFIG, ("encoder.", "decoder."))
    weights = codec.initial(0, torch.device("cpu"))
    start_as_transform(weights, CONFIG, components)
    return codec, weights


def test_windows_that_overlap_rebuild_any_signal() -> None:
    hop = 40
    transform = lapped_transform(hop)
    signal = np.random.default_rng(0).standard_normal(hop * 12)
    rebuilt = np.zeros_like(signal)
    for start in range(0, len(signal) - hop, hop):
        window = slice(start, start + 2 * hop)
        rebuilt[window] += transform @ (signal[window] @ transform)
    np.testing.assert_allclose(rebuilt[hop:-hop], signal[hop:-hop], atol=1e-12)


def test_the_encoder_gives_products_with_the_components(components: Components) -> None:
    codec, weights = started(components)
    pcm = tones(100)
    with torch.no_grad():
        found = codec.reconstruct(weights, torch.from_numpy(pcm)[None], torch.zeros(1, 100, 16)).posterior.mean[0]
    np.testing.assert_allclose(found[2:-2], components.project(pcm)[2:-2], atol=0.06)


@pytest.fixture(scope="module")
def pieces_of_nano() -> list[Samples]:
    return [make_clip(seed, seconds=2, rate=NANO.sampling_rate).audio for seed in range(4)]


@pytest.fixture(scope="module")
def components_of_nano(pieces_of_nano: list[Samples]) -> Components:
    heard = listen([windows_of(piece, NANO.hop) for piece in pieces_of_nano], NANO.hop, NANO.sampling_rate)
    products = principal_components(pieces_of_nano, NANO.hop, NANO.latent_channels - ENERGIES)
    return replace(products, detectors=heard)


def test_the_encoder_of_nano_says_what_the_detectors_hear(
    pieces_of_nano: list[Samples], components_of_nano: Components
) -> None:
    codec = TrainableCodec(NANO, ("encoder.", "decoder."))
    weights = codec.initial(0, torch.device("cpu"))
    start_as_transform(weights, NANO, components_of_nano)
    noise = torch.zeros(1, 50, NANO.latent_channels)
    with torch.no_grad():
        found = codec.reconstruct(weights, torch.from_numpy(pieces_of_nano[0])[None], noise).posterior.mean[0]
    errors = (found.numpy() - components_of_nano.project(pieces_of_nano[0]))[:, -ENERGIES:]
    assert np.sqrt((errors**2).mean()) < 0.03


def test_components_are_read_off_the_encoder_that_began_with_them(
    pieces_of_nano: list[Samples], components_of_nano: Components
) -> None:
    weights = TrainableCodec(NANO, ("encoder.", "decoder.")).initial(0, torch.device("cpu"))
    start_as_transform(weights, NANO, components_of_nano)
    found = components_of(weights, NANO)
    latents, again = (each.project(pieces_of_nano[0]) for each in (components_of_nano, found))
    # The encoder has too few channels for the highest of the side, so components are that much poorer.
    assert np.sqrt(((again - latents) ** 2).mean(axis=0) / (latents**2).mean(axis=0)).mean() < 0.03
    gain = (found.analysis * components_of_nano.synthesis).sum(axis=(0, 1))
    np.testing.assert_allclose(gain, 1, atol=0.05)


def test_music_like_that_of_the_components_is_rebuilt_before_any_training(components: Components) -> None:
    codec, weights = started(components)
    pcm = torch.from_numpy(np.stack([tones(seed) for seed in range(100, 104)]))
    with torch.no_grad():
        found = codec.reconstruct(weights, pcm, torch.zeros(4, 100, 16))
    assert (si_sdr(found.pcm, pcm) > 15).all()
    assert 0.7 < float(found.posterior.mean.std()) < 1.3


def test_components_are_kept_in_a_file(components: Components, tmp_path: Path) -> None:
    heard = listen([windows_of(tones(0), CONFIG.hop)], CONFIG.hop, RATE)
    components = replace(components, detectors=heard)
    components.save(tmp_path / "components.npz")
    again = Components.load(tmp_path / "components.npz")
    np.testing.assert_array_equal(again.analysis, components.analysis)
    np.testing.assert_array_equal(again.synthesis, components.synthesis)
    assert again.detectors is not None
    np.testing.assert_array_equal(again.project(tones(1)), components.project(tones(1)))
