"""Codes of latents are those of the encoder stage, kept as long as they are of these latents and this package."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from services.encoder.checkpoint import LoadedEncoder
from tests.training.planner.conftest import CHANNELS, CODES, write_latents
from training.latents import LatentStore, LatentStoreError
from training.planner.codes import CodeStore, keep_codes, read_codes


@pytest.fixture
def latents(tmp_path: Path) -> Path:
    write_latents(tmp_path / "latents", "a", (5, 9))
    write_latents(tmp_path / "latents", "b", (3,))
    return tmp_path / "latents"


def kept_codes(latents: Path, encoder: LoadedEncoder) -> CodeStore:
    keep_codes(latents, encoder)
    return read_codes(latents)


def test_codes_are_those_of_the_encoder_stage(latents: Path, encoder: LoadedEncoder) -> None:
    store, found = LatentStore.open(latents), kept_codes(latents, encoder)
    assert found.codebook_size == CODES
    assert [clip.seed for clip in found.clips] == [5, 9, 3]
    for entry, clip in zip(store.entries, found.clips, strict=True):
        served = encoder.model.tokenize(encoder.model.windows(store.mix(entry)))
        assert clip.codes.dtype == np.int32
        assert torch.equal(torch.from_numpy(clip.codes).long(), served)
        assert len(set(clip.codes.tolist())) > 4


def other_latents(latents: Path) -> None:
    write_latents(latents, "a", (5, 9), seed=1)


def cut_short(latents: Path) -> None:
    kept = latents / "a.codes.safetensors"
    kept.write_bytes(kept.read_bytes()[:-7])


@pytest.mark.parametrize("change", [other_latents, cut_short])
def test_codes_are_made_once_and_again_where_they_do_not_fit(
    latents: Path, encoder: LoadedEncoder, change: Callable[[Path], None]
) -> None:
    kept = [latents / f"{shard}.codes.safetensors" for shard in "ab"]
    first = kept_codes(latents, encoder)
    written = [path.stat().st_mtime_ns for path in kept]
    kept_codes(latents, encoder)
    assert [path.stat().st_mtime_ns for path in kept] == written

    change(latents)
    found = kept_codes(latents, encoder)
    assert np.array_equal(found.clips[0].codes, first.clips[0].codes) == (change is cut_short)
    assert np.array_equal(found.clips[2].codes, first.clips[2].codes)
    assert [path.stat().st_mtime_ns == time for path, time in zip(kept, written, strict=True)] == [False, True]


def test_codes_of_another_package_are_made_again(latents: Path, encoder: LoadedEncoder) -> None:
    kept_codes(latents, encoder)
    path = latents / "a.codes.safetensors"
    before = path.read_bytes()
    keep_codes(latents, replace(encoder, revision="another"))
    assert path.read_bytes() != before


def test_latents_of_another_codec_are_refused(latents: Path, encoder: LoadedEncoder) -> None:
    frames = len(np.load(latents / "b.npy"))
    np.save(latents / "b.npy", np.zeros((frames, CHANNELS + 1), np.float16))
    with pytest.raises(LatentStoreError, match=r"b\.npy: has latents of 9 channels, the DiT package reads 8; write"):
        kept_codes(latents, encoder)


def test_latents_that_are_not_finite_are_refused(latents: Path, encoder: LoadedEncoder) -> None:
    broken = np.load(latents / "a.npy")
    broken[3] = np.nan
    np.save(latents / "a.npy", broken)
    with pytest.raises(LatentStoreError, match=r"a\.npy: latents of seed 5 are not finite"):
        kept_codes(latents, encoder)


def test_codes_that_were_never_made_are_missed(latents: Path) -> None:
    with pytest.raises(LatentStoreError, match=r"a\.codes\.safetensors: holds no audio codes: .*; keep them again"):
        read_codes(latents)
