"""Rendered clips on disk, for trainers that read short pieces of many: 16-bit samples in shards that are mapped.

A shard is `NAME.npy`, the clips end to end as int16 [samples, channels], and `NAME.json` with their rate, lengths and
seeds. It is written last, so that a shard without it is one that is still being written.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from training.whole_files import save_array, whole

_FULL_SCALE = 32_767
_SILENCE = 1e-3
# Of every so many seeds there is one whose clip the codec is never trained on.
_HELD_OUT = 32

Sound = npt.NDArray[np.float32]
_Stored = npt.NDArray[np.int16]


class AudioBankError(ValueError):
    """Audio that cannot be trained on; names the file, the clip, the reason and the fix."""


@dataclass(frozen=True)
class BankedClip:
    """Samples [samples, channels] of one clip, mapped, and the seed that they were made from."""

    seed: int
    samples: _Stored

    def piece(self, start: int, length: int) -> Sound:
        """Samples [length, channels] from an index on, full scale at 1."""
        return self.samples[start : start + length].astype(np.float32) / np.float32(_FULL_SCALE)


@dataclass(frozen=True)
class AudioBank:
    """Clips of one rate and number of channels, some of them held out."""

    rate: int
    channels: int
    training: Sequence[BankedClip]
    held_out: Sequence[BankedClip]

    @property
    def hours(self) -> float:
        """How much there is to train on."""
        return sum(len(clip.samples) for clip in self.training) / self.rate / 3600

    def crop(self, random: np.random.Generator, length: int) -> Sound:
        """A piece [length, channels] of a training clip; each place of the bank is as likely as any other."""
        ends = np.cumsum(self._lengths - (length - 1))
        place = int(random.integers(ends[-1]))
        number = int(np.searchsorted(ends, place, side="right"))
        return self.training[number].piece(place - int(ends[number - 1] if number else 0), length)

    @cached_property
    def _lengths(self) -> npt.NDArray[np.int64]:
        return np.array([len(clip.samples) for clip in self.training])


def write_shard(folder: Path, name: str, clips: Iterable[tuple[int, Sound]], rate: int) -> None:
    """Writes clips, each a seed and its samples [samples, channels] within -1 and 1, as one shard of a bank.

    Raises AudioBankError on what is silent, not finite, beyond full scale or of another number of channels.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stored: list[_Stored] = []
    seeds: list[int] = []
    for seed, samples in clips:
        if flaw := _flaw(samples, stored[0].shape[1] if stored else samples.shape[-1]):
            raise AudioBankError(f"{folder / name}.npy: the clip of seed {seed} {flaw}; leave it out")
        stored.append(np.round(samples * _FULL_SCALE).astype(np.int16))
        seeds.append(seed)
    if not stored:
        raise AudioBankError(f"{folder / name}.npy: would hold no clip; give it at least one")
    save_array(folder / f"{name}.npy", np.concatenate(stored))
    table = {"rate": rate, "channels": stored[0].shape[1], "lengths": [len(clip) for clip in stored], "seeds": seeds}
    with whole(folder / f"{name}.json") as partial:
        partial.write_text(json.dumps(table) + "\n", "utf-8")


def open_bank(folder: Path, *, rate: int, channels: int, shortest: int) -> AudioBank:
    """Maps every shard of a folder.

    Raises AudioBankError where there is none, where one is not whole, of another rate or number of channels, or where
    it holds a clip that is silent or has less than `shortest` samples; and where nothing is left to train on or held
    out.
    """
    tables = sorted(folder.glob("*.json"))
    clips = [clip for path in tables for clip in _read_shard(path, rate, channels, shortest)]
    bank = AudioBank(
        rate,
        channels,
        training=[clip for clip in clips if clip.seed % _HELD_OUT],
        held_out=[clip for clip in clips if not clip.seed % _HELD_OUT],
    )
    if not bank.training or not bank.held_out:
        raise AudioBankError(
            f"{folder}: {len(tables)} shards hold {len(bank.training)} clips to train on and {len(bank.held_out)} held "
            f"out, those whose seeds {_HELD_OUT} divides; it takes one of each at least"
        )
    return bank


def _flaw(samples: Sound, channels: int) -> str:
    """What is wrong with samples; empty where nothing is."""
    if samples.ndim != 2 or samples.shape[1] != channels:
        return f"has shape {list(samples.shape)}, expected [samples, {channels}]"
    if not np.isfinite(samples).all():
        return "is not finite"
    peak = float(np.abs(samples).max(initial=0))
    if peak > 1:
        return f"has a peak of {peak:.2f}, beyond full scale"
    return f"is silent, with a peak of {peak:.1e}" if peak < _SILENCE else ""


def _read_shard(path: Path, rate: int, channels: int, shortest: int) -> list[BankedClip]:
    try:
        table: dict[str, Any] = json.loads(path.read_text("utf-8"))
        lengths, seeds = list(table["lengths"]), list(table["seeds"])
        found = {"rate": table["rate"], "channels": table["channels"]}
        stored = np.load(path.with_suffix(".npy"), mmap_mode="r", allow_pickle=False)
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise AudioBankError(f"{path}: is not a shard of audio: {error!r}; write it again") from None
    for key, wanted in (("rate", rate), ("channels", channels)):
        if found[key] != wanted:
            raise AudioBankError(f"{path}: {key} is {found[key]}, expected {wanted}; render the clips for it")
    if stored.dtype != np.int16 or stored.shape != (sum(lengths), channels) or len(lengths) != len(seeds):
        raise AudioBankError(
            f"{path.with_suffix('.npy')}: is {stored.dtype} {list(stored.shape)}, expected int16 "
            f"{[sum(lengths), channels]} of {len(seeds)} clips; write it again"
        )
    ends = np.cumsum(lengths)
    clips = [
        BankedClip(seed, stored[end - length : end]) for seed, length, end in zip(seeds, lengths, ends, strict=True)
    ]
    for clip in clips:
        if len(clip.samples) < shortest:
            raise AudioBankError(
                f"{path}: the clip of seed {clip.seed} has {len(clip.samples)} samples, expected {shortest} at least; "
                "render it longer"
            )
        if not np.any(np.abs(clip.samples) > _SILENCE * _FULL_SCALE):
            raise AudioBankError(f"{path}: the clip of seed {clip.seed} is silent; leave it out")
    return clips
