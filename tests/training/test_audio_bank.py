"""A bank gives back what was written, and refuses what cannot be trained on with the file and the reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from training.audio_bank import AudioBank, AudioBankError, open_bank, write_shard

RATE = 8_000


def tone(seed: int, samples: int = 4_000) -> npt.NDArray[np.float32]:
    times = np.arange(samples) / RATE
    return np.stack([np.sin(2 * np.pi * pitch * (seed + 1) * times) for pitch in (110, 220)], 1).astype(np.float32)


def opened(folder: Path, **wanted: int) -> AudioBank:
    return open_bank(folder, **{"rate": RATE, "channels": 2, "shortest": 1_000, **wanted})


@pytest.fixture
def bank(tmp_path: Path) -> Path:
    write_shard(tmp_path, "first", ((seed, tone(seed)) for seed in (0, 1)), RATE)
    write_shard(tmp_path, "second", ((seed, tone(seed, 2_000)) for seed in (31, 64)), RATE)
    return tmp_path


def test_clips_come_back_in_sixteen_bits(bank: Path) -> None:
    clips = {clip.seed: clip for clip in (*opened(bank).training, *opened(bank).held_out)}
    np.testing.assert_allclose(clips[31].piece(500, 700), tone(31, 2_000)[500:1200], atol=2**-15)


def test_seeds_decide_what_is_held_out(bank: Path) -> None:
    found = opened(bank)
    assert [clip.seed for clip in found.training] == [1, 31]
    assert [clip.seed for clip in found.held_out] == [0, 64]
    assert found.hours == pytest.approx(6_000 / RATE / 3600)


def test_crops_depend_on_the_generator_alone(bank: Path) -> None:
    def crop(seed: int) -> npt.NDArray[np.float32]:
        return opened(bank).crop(np.random.default_rng(seed), 1_000)

    assert crop(3).shape == (1_000, 2)
    np.testing.assert_array_equal(crop(3), crop(3))
    assert not np.array_equal(crop(3), crop(4))


def test_longer_clips_are_drawn_more_often(bank: Path) -> None:
    found, random = opened(bank, shortest=2_000), np.random.default_rng(0)
    whole = found.training[1].piece(0, 2_000)
    pieces = [found.crop(random, 2_000) for _ in range(200)]
    assert sum(np.array_equal(piece, whole) for piece in pieces) < 10


@pytest.mark.parametrize(
    ("sound", "reason"),
    [
        (np.zeros((4_000, 2), np.float32), "is silent, with a peak of 0.0e\\+00"),
        (np.full((4_000, 2), np.nan, np.float32), "is not finite"),
        (np.full((4_000, 2), 1.5, np.float32), "has a peak of 1.50, beyond full scale"),
        (np.ones((4_000, 1), np.float32), r"has shape \[4000, 1\], expected \[samples, 2\]"),
    ],
)
def test_bad_clips_are_not_written(tmp_path: Path, sound: npt.NDArray[np.float32], reason: str) -> None:
    with pytest.raises(AudioBankError, match=rf"bad\.npy: the clip of seed 7 {reason}"):
        write_shard(tmp_path, "bad", [(1, tone(1)), (7, sound)], RATE)
    assert not list(tmp_path.glob("bad.*"))


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ({"rate": 48_000}, r"first\.json: rate is 8000, expected 48000"),
        ({"channels": 1}, r"first\.json: channels is 2, expected 1"),
        ({"shortest": 3_000}, r"second\.json: the clip of seed 31 has 2000 samples, expected 3000 at least"),
    ],
)
def test_a_bank_that_does_not_fit_is_refused(bank: Path, wanted: dict[str, int], reason: str) -> None:
    with pytest.raises(AudioBankError, match=reason):
        opened(bank, **wanted)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"lengths": [4_000, 9]}, r"first\.npy: is int16 \[8000, 2\], expected int16 \[4009, 2\] of 2 clips"),
        ({"seeds": None}, r"first\.json: is not a shard of audio"),
    ],
)
def test_a_shard_that_is_not_whole_is_refused(bank: Path, change: dict[str, Any], reason: str) -> None:
    table = bank / "first.json"
    table.write_text(json.dumps({**json.loads(table.read_text()), **change}))
    with pytest.raises(AudioBankError, match=reason):
        opened(bank)


def test_silence_on_disk_is_refused(bank: Path) -> None:
    stored = np.load(bank / "first.npy")
    stored[4_000:] = 0
    np.save(bank / "first.npy", stored)
    with pytest.raises(AudioBankError, match=r"first\.json: the clip of seed 1 is silent"):
        opened(bank)


def test_a_bank_needs_clips_of_both_kinds(tmp_path: Path) -> None:
    write_shard(tmp_path, "only", [(1, tone(1))], RATE)
    with pytest.raises(AudioBankError, match="hold 1 clips to train on and 0 held out"):
        opened(tmp_path)
