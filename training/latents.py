"""Latents of generated clips on disk, with the stems that editing tasks need. Words are made again from the seeds.

A shard is `NAME.npy`, all latents end to end as float16 [frames, channels], and `NAME.json`, which lists the clips; it
is written last. `silence.npy` holds latents of silence.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from services.vae.model import Oobleck
from training.clock import with_clock
from training.synth.clip import Clip, make_clip
from training.synth.render import mix
from training.synth.tones import Sound
from training.whole_files import save_array, whole

SILENCE = "silence.npy"
# As long as the longest song.
SILENT_FRAMES = 6000
_SILENT_SECONDS = 12
# Parts of a clip that are kept, see `Entry`.
PARTS = 4

# Latents [frames, channels] of sound [samples, 2].
Encode = Callable[[Sound], NDArray[np.float64] | NDArray[np.float32]]


class LatentStoreError(ValueError):
    """A folder that holds no latents, or others than are asked for; names the file and the reason."""


@dataclass(frozen=True)
class Entry:
    """A clip by its seed: frames of the mix, of one stem, of everything but that stem, and of the same piece in another
    style lie end to end.

    `seconds` is the length that was asked for; None where it was drawn with the clip. Its words depend on it.
    """

    seed: int
    start: int
    frames: int
    stem: str
    shard: str
    seconds: float | None = None


@dataclass(frozen=True)
class LatentStore:
    """Entries, the latents [frames, channels] of each shard, mapped, and latents of silence [frames, channels]."""

    entries: tuple[Entry, ...]
    shards: Mapping[str, NDArray[np.float16]]
    silence: torch.Tensor

    @classmethod
    def open(cls, folder: Path) -> LatentStore:
        """Maps every shard of a folder. Raises LatentStoreError."""
        entries: list[Entry] = []
        shards: dict[str, NDArray[np.float16]] = {}
        for index in sorted(folder.glob("*.json")):
            held, shards[index.stem] = _read_shard(index)
            entries += held
        if not entries:
            raise LatentStoreError(f"{folder}: holds no latents; write some first")
        try:
            silence = torch.from_numpy(np.load(folder / SILENCE, allow_pickle=False))
        except (OSError, ValueError) as error:
            raise LatentStoreError(f"{folder / SILENCE}: cannot be read: {error}; write the latents again") from None
        return cls(tuple(entries), shards, silence)

    def mix(self, entry: Entry) -> torch.Tensor:
        """Latents [frames, channels] of the whole clip, in float32."""
        return self._part(entry, 0)

    def stem(self, entry: Entry) -> torch.Tensor:
        """Those of one stem alone."""
        return self._part(entry, 1)

    def rest(self, entry: Entry) -> torch.Tensor:
        """Those of the clip without that stem."""
        return self._part(entry, 2)

    def cover(self, entry: Entry) -> torch.Tensor:
        """Those of the same piece in another style."""
        return self._part(entry, 3)

    def _part(self, entry: Entry, number: int) -> torch.Tensor:
        start = entry.start + number * entry.frames
        part = np.array(self.shards[entry.shard][start : start + entry.frames], dtype=np.float32)
        if not np.isfinite(part).all():
            raise LatentStoreError(
                f"{entry.shard}.npy: latents of seed {entry.seed} are not finite; write the shard again"
            )
        return torch.from_numpy(part)


def write_latents(
    folder: Path, shard: str, seeds: Iterable[int], encode: Encode, rate: int, *, seconds: float | None = None
) -> None:
    """Renders the clips of seeds at the codec's sample rate and keeps their latents as a shard."""
    folder.mkdir(parents=True, exist_ok=True)
    entries: list[Entry] = []
    parts: list[NDArray[np.float16]] = []
    start = 0
    for seed in seeds:
        clip = make_clip(seed, seconds=seconds, rate=rate)
        stem = _drawn_stem(clip)
        encoded = [encode(sound).astype(np.float16) for sound in _parts(clip, stem)]
        entries.append(Entry(seed, start, len(encoded[0]), stem, shard, seconds))
        parts += encoded
        start += PARTS * len(encoded[0])
    save_array(folder / f"{shard}.npy", np.concatenate(parts))
    with whole(folder / f"{shard}.json") as partial:
        partial.write_text(json.dumps([asdict(entry) for entry in entries]), "utf-8")


def write_silence(folder: Path, encode: Encode, rate: int) -> None:
    """Keeps latents of silence with a clock, which all shards of a folder share."""
    folder.mkdir(parents=True, exist_ok=True)
    silent = torch.from_numpy(encode(np.zeros((_SILENT_SECONDS * rate, 2), np.float32))).float()
    save_array(folder / SILENCE, with_clock(tiled(silent, SILENT_FRAMES)).numpy())


def tiled(latents: torch.Tensor, frames: int) -> torch.Tensor:
    """So many frames of latents [frames, channels], over and over."""
    return latents.repeat(-(-frames // len(latents)), 1)[:frames]


def _read_shard(index: Path) -> tuple[list[Entry], NDArray[np.float16]]:
    try:
        entries = [Entry(**entry) for entry in json.loads(index.read_text("utf-8"))]
        latents = np.load(index.with_suffix(".npy"), mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, TypeError) as error:
        raise LatentStoreError(f"{index}: is not a shard of latents: {error}; write it again") from None
    held = sum(PARTS * entry.frames for entry in entries)
    if latents.ndim != 2 or len(latents) != held:
        raise LatentStoreError(f"{index.with_suffix('.npy')}: has shape {list(latents.shape)}, expected {held} frames")
    return entries, latents


def _parts(clip: Clip, stem: str) -> Iterator[Sound]:
    rest = {name: sound for name, sound in clip.stems.items() if name != stem}
    yield clip.audio
    yield clip.stems[stem]
    yield mix(rest) if rest else np.zeros_like(clip.audio)
    yield clip.cover()


def _drawn_stem(clip: Clip) -> str:
    """Drums in every second clip that has them, else any stem; by the seed."""
    random = np.random.default_rng((clip.description.seed, 1))
    if "drums" in clip.stems and random.random() < 0.5:
        return "drums"
    return str(random.choice(sorted(clip.stems)))


def encode_with(codec: Oobleck) -> Encode:
    """The means that a codec gives, of stereo or of one channel."""
    like = next(codec.parameters())

    def encode(sound: Sound) -> NDArray[np.float32]:
        pcm = sound if codec.config.audio_channels == 2 else sound.mean(axis=1, keepdims=True)
        with torch.inference_mode():
            mean = codec.encode(torch.from_numpy(pcm)[None].to(like)).mean[0]
        latents: NDArray[np.float32] = mean.float().cpu().numpy()
        return latents

    return encode
