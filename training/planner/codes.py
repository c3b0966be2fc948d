"""Audio codes of the clips of a latent store, made once by a DiT package and kept beside the latents.

Beside each shard `NAME.npy` lies `NAME.codes.safetensors`, the codes of all its mixes end to end as int32. It says of
which package and of which latents it is, and is made again where either has changed. `NAME.plans.safetensors` is such a
file of codes that a planner wrote for the words of the clips, see `training.planner.plans`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from services.encoder.checkpoint import LoadedEncoder
from services.runtime.checkpoints import revision
from training.latents import LatentStore, LatentStoreError
from training.whole_files import whole

_CODES, _COUNTS, _CODEBOOK_SIZE = "codes", "counts", "codebook_size"
_WINDOWS_AT_ONCE = 512


class Kept(StrEnum):
    """What is kept beside a shard, by the end of its name."""

    CODES = ".codes.safetensors"
    PLANS = ".plans.safetensors"


_REMEDIES = {Kept.CODES: "keep them again", Kept.PLANS: "write them by python -m training.planner.plans"}


@dataclass(frozen=True)
class CodedClip:
    """The audio codes [codes] of a clip, five for each second, and the seed that its words are made from.

    `seconds` is the length that was asked for; None where it was drawn with the clip.
    """

    seed: int
    codes: NDArray[np.int32]
    seconds: float | None = None


@dataclass(frozen=True)
class CodeStore:
    """Clips as audio codes below the size of the codebook."""

    clips: tuple[CodedClip, ...]
    codebook_size: int


def keep_codes(folder: Path, encoder: LoadedEncoder) -> None:
    """Keeps codes of a folder of latents as the encoder stage makes them. Raises LatentStoreError."""
    store = LatentStore.open(folder)
    channels = encoder.config.latent_channels
    for shard, latents in store.shards.items():
        path = folder / f"{shard}.npy"
        if latents.shape[1] != channels:
            raise LatentStoreError(
                f"{path}: has latents of {latents.shape[1]} channels, the DiT package reads {channels}; write them "
                "with the codec of its family"
            )
        origin = {"package": encoder.revision, "latents": revision([path])}
        size = math.prod(encoder.config.fsq_levels)
        if is_missing(path.with_suffix(Kept.CODES), origin, size):
            codes = [_tokenized(store.mix(entry), encoder) for entry in store.entries if entry.shard == shard]
            keep(path.with_suffix(Kept.CODES), origin, size, codes)


def is_missing(path: Path, origin: Mapping[str, str], codebook_size: int) -> bool:
    """Whether a file does not hold codes of that origin."""
    return _made_of(path) != {**origin, _CODEBOOK_SIZE: str(codebook_size)}


def keep(path: Path, origin: Mapping[str, str], codebook_size: int, codes: Sequence[torch.Tensor]) -> None:
    """Writes the codes [codes] of each clip of a shard, and what they were made of."""
    counts = torch.tensor([len(clip) for clip in codes], dtype=torch.int32)
    tensors = {_CODES: torch.cat(list(codes)).to(torch.int32), _COUNTS: counts}
    with whole(path) as partial:
        save_file(tensors, partial, metadata={**origin, _CODEBOOK_SIZE: str(codebook_size)})


def read_codes(folder: Path, kept: Kept = Kept.CODES) -> CodeStore:
    """The codes that are kept in a folder of latents. Raises LatentStoreError."""
    store = LatentStore.open(folder)
    clips: list[CodedClip] = []
    sizes = set()
    for shard in store.shards:
        path = folder / f"{shard}{kept}"
        try:
            with safe_open(path, framework="np") as file:
                codes, counts = file.get_tensor(_CODES), file.get_tensor(_COUNTS)
                sizes.add(int(file.metadata()[_CODEBOOK_SIZE]))
        except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
            raise LatentStoreError(f"{path}: holds no audio codes: {error}; {_REMEDIES[kept]}") from None
        entries = [entry for entry in store.entries if entry.shard == shard]
        parts = np.split(codes, np.cumsum(counts)[:-1])
        clips += [CodedClip(entry.seed, part, entry.seconds) for entry, part in zip(entries, parts, strict=True)]
    if len(sizes) > 1:
        raise LatentStoreError(f"{folder}: holds codes of codebooks of {sorted(sizes)} entries; keep them again")
    return CodeStore(tuple(clips), sizes.pop())


def _tokenized(mix: torch.Tensor, encoder: LoadedEncoder) -> torch.Tensor:
    """Codes [codes] of latents [frames, channels]."""
    windows = encoder.model.windows(mix)
    return torch.cat([encoder.model.tokenize(part) for part in torch.split(windows, _WINDOWS_AT_ONCE)])


def _made_of(path: Path) -> Mapping[str, str]:
    """What kept codes were made of; nothing where there are none."""
    try:
        with safe_open(path, framework="np") as file:
            return file.metadata() or {}
    except (OSError, SafetensorError):
        return {}
