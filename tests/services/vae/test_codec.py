"""Windowed results equal one-shot results; lengths and determinism are as promised."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from services.vae import checkpoint
from services.vae.codec import WindowedCodec
from services.vae.model import Oobleck

CPU: dict[str, Any] = {"dtype": torch.float32, "device": torch.device("cpu")}
FRAMES = 131


@pytest.fixture(scope="module")
def model(tiny_models: Path) -> Oobleck:
    return checkpoint.load(tiny_models, **CPU).model


def latents(frames: int) -> torch.Tensor:
    return torch.randn(frames, 8, generator=torch.Generator().manual_seed(frames))


def decode(model: Oobleck, latents: torch.Tensor, window_frames: int) -> torch.Tensor:
    codec = WindowedCodec(model, window_frames, **CPU)
    return torch.cat([codec.decode_windows([(latents, window)])[0] for window in codec.windows(len(latents))])


def encode(model: Oobleck, pcm: torch.Tensor, window_frames: int) -> torch.Tensor:
    codec = WindowedCodec(model, window_frames, **CPU)
    windows = codec.windows(len(pcm) // model.config.hop)
    return torch.cat([codec.encode_windows([(pcm, window)])[0].mean for window in windows])


@pytest.mark.parametrize("window_frames", [25, 32, 48, 64, 130, 131])
def test_stitched_decode_equals_one_shot(model: Oobleck, window_frames: int) -> None:
    whole = decode(model, latents(FRAMES), FRAMES)
    stitched = decode(model, latents(FRAMES), window_frames)
    assert stitched.shape == (1920 * FRAMES, 2)
    assert float((stitched - whole).abs().max() / whole.abs().max()) <= 1e-6


@pytest.mark.parametrize("window_frames", [25, 32, 64, 130])
def test_stitched_encode_equals_one_shot(model: Oobleck, window_frames: int) -> None:
    pcm = torch.randn(1920 * FRAMES + 1919, 2, generator=torch.Generator().manual_seed(0))
    whole, stitched = encode(model, pcm, FRAMES), encode(model, pcm, window_frames)
    assert stitched.shape == (FRAMES, 8)
    assert float((stitched - whole).abs().max() / whole.abs().max()) <= 1e-6


def test_a_margin_that_is_too_small_would_be_noticed(model: Oobleck) -> None:
    whole = decode(model, latents(60), 60)
    with torch.inference_mode():
        cut = model.decode(latents(60)[None, 20:])[0]
    seam = slice(20 * 1920, 28 * 1920)
    assert float((cut[: 8 * 1920] - whole[seam]).abs().max() / whole.abs().max()) > 1e-3


@pytest.mark.parametrize("frames", [1, 2, 7])
def test_lengths_are_exact(model: Oobleck, frames: int) -> None:
    assert len(decode(model, latents(frames), 64)) == 1920 * frames
    assert len(encode(model, torch.randn(1920 * frames + 1919, 2), 64)) == frames


def test_decoding_is_bit_equal_every_time(model: Oobleck) -> None:
    assert torch.equal(decode(model, latents(50), 32), decode(model, latents(50), 32))
