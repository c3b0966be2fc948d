"""Audio codes of the clips of a latent store, made once by a DiT package and kept beside the latents.

Beside each shard `NAME.npy` lies `NAME.codes.safetensors`, the codes of all its mixes end to end as int32. It says of
which package and of which latents it is, and is made again where either has changed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from services.encoder.checkpoint import LoadedEncoder
from services.runtime.checkpoints import revision
from training.latents import Entry, LatentStore, LatentStoreError

_SUFFIX = ".codes.safetensors"
_CODES = "codes"
_WINDOWS_AT_ONCE = 512


@dataclass(frozen=True)
class CodedClip:
    """The audio codes [codes] of a clip, five for each second, and the seed that its words are made from."""

    seed: int
    codes: NDArray[np.int32]


@dataclass(frozen=True)
class CodeStore:
    """Clips as audio codes below the size of the codebook."""

    clips: tuple[CodedClip, ...]
    codebook_size: int


def open_codes(folder: Path, encoder: LoadedEncoder) -> CodeStore:
    """The codes of a folder of latents, as the encoder stage makes them. Raises LatentStoreError."""
    store = LatentStore.open(folder)
    channels = encoder.config.latent_channels
    clips: list[CodedClip] = []
    for shard, latents in store.shards.items():
        path = folder / f"{shard}.npy"
        if latents.shape[1] != channels:
            raise LatentStoreError(
                f"{path}: has latents of {latents.shape[1]} channels, the DiT package reads {channels}; write them "
                "with the codec of its family"
            )
        entries = [entry for entry in store.entries if entry.shard == shard]
        counts = [math.ceil(entry.frames / encoder.config.pool_window) for entry in entries]
        made_of = {"package": encoder.revision, "latents": revision([path])}
        codes = _kept(path.with_suffix(_SUFFIX), made_of, sum(counts))
        if codes is None:
            codes = _tokenized(store, entries, encoder)
            _keep(path.with_suffix(_SUFFIX), made_of, codes)
        ends = pairwise(accumulate(counts, initial=0))
        clips += [CodedClip(entry.seed, codes[slice(*end)]) for entry, end in zip(entries, ends, strict=True)]
    return CodeStore(tuple(clips), math.prod(encoder.config.fsq_levels))


def _tokenized(store: LatentStore, entries: Sequence[Entry], encoder: LoadedEncoder) -> NDArray[np.int32]:
    """Codes of all mixes, end to end."""
    windows = (encoder.model.windows(store.mix(entry)) for entry in entries)
    codes = [encoder.model.tokenize(part) for mix in windows for part in torch.split(mix, _WINDOWS_AT_ONCE)]
    return torch.cat(codes).numpy().astype(np.int32)


def _kept(path: Path, made_of: Mapping[str, str], count: int) -> NDArray[np.int32] | None:
    """Codes that were made of the same; None where there are none."""
    try:
        with safe_open(path, framework="np") as file:
            codes: NDArray[np.int32] = file.get_tensor(_CODES)
            return codes if (file.metadata() or {}) == made_of and codes.shape == (count,) else None
    except (OSError, SafetensorError):
        return None


def _keep(path: Path, made_of: Mapping[str, str], codes: NDArray[np.int32]) -> None:
    """The file appears under its name once it is whole."""
    partial = path.with_name(path.name + ".partial")
    save_file({_CODES: torch.from_numpy(codes)}, partial, metadata=dict(made_of))
    partial.replace(path)
