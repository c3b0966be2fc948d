"""Renders the clips that nano is trained on, in as many processes as there are cores; what is there is kept."""

from __future__ import annotations

import gc
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import cycle
from multiprocessing import get_context
from pathlib import Path

import torch

from services.runtime.numerics import fastest_dtype
from services.vae.checkpoint import load
from training.audio_bank import write_shard
from training.interruption import interruption
from training.latents import SILENCE, Encode, encode_with, write_latents, write_silence
from training.nano.recipe import HELD_OUT_SEEDS, SHORT_SECONDS, SHORT_SEEDS, TRAINING_SEEDS, Recipe
from training.synth.clip import make_clip
from training.vae.transform import Components


class Codec:
    """What encodes: the components that a fixed encoder is made of, or else the trained codec of a model family.

    The components are the same to within a few hundredths, and a hundred times as fast.
    """

    def __init__(self, models: Path, components: Path, rate: int, recipe: Recipe) -> None:
        self._models = models
        self._components = components
        self._recipe = recipe
        self.rate = rate

    def loaded(self) -> Encode:
        """Loads it, in the process that encodes."""
        if self._recipe.fixed_encoder:
            return Components.load(self._components).project
        device = torch.device(self._recipe.device)
        return encode_with(load(self._models, dtype=fastest_dtype(device), device=device).model)


def render_bank(folder: Path, recipe: Recipe, rate: int, processes: int) -> bool:
    """Clips for the codec. Returns whether all are there."""
    write = partial(_render_shard, folder, recipe.banked_seconds, rate)
    return _write_missing(
        _shards(folder, write, TRAINING_SEEDS + recipe.later_seeds, recipe.banked_clips, recipe), processes
    )


def render_latents(folder: Path, held_out: Path, recipe: Recipe, codec: Codec, processes: int) -> bool:
    """Latents for the DiT and the planner, and some that are only measured on. Returns whether all are there."""
    for target in (folder, held_out):
        if not (target / SILENCE).exists():
            write_silence(target, codec.loaded(), codec.rate)
    write, write_held_out = (partial(_write_latent_shard, target, codec, None) for target in (folder, held_out))
    shards = [
        *_shards(folder, write, TRAINING_SEEDS + recipe.later_seeds, recipe.latent_clips, recipe),
        *_shards(held_out, write_held_out, HELD_OUT_SEEDS, recipe.held_out_clips, recipe),
    ]
    short = _shards(folder, write, SHORT_SEEDS + recipe.later_seeds, recipe.short_clips, recipe)
    for shard, seconds in zip(short, cycle(SHORT_SECONDS), strict=False):
        shards.append(replace(shard, write=partial(_write_latent_shard, folder, codec, seconds)))
    return _write_missing(shards, processes)


@dataclass(frozen=True)
class _Shard:
    """Clips of some seeds, the file that is there once they are written, and what writes them."""

    seeds: range
    index: Path
    write: Callable[[str, range], None]


def _shards(
    folder: Path, write: Callable[[str, range], None], first: int, count: int, recipe: Recipe
) -> Iterator[_Shard]:
    seeds = range(first, first + count)
    for start in range(0, count, recipe.clips_per_shard):
        part = seeds[start : start + recipe.clips_per_shard]
        yield _Shard(part, folder / f"clips-{part.start:010d}.json", write)


def _write_missing(shards: Iterable[_Shard], processes: int) -> bool:
    """Writes what is not there; after SIGTERM or SIGINT only what was begun. Returns whether all are there."""
    missing = [shard for shard in shards if not shard.index.exists()]
    if not missing:
        return True
    with (
        interruption() as interrupted,
        ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=_prepare) as pool,
    ):
        for written in [pool.submit(shard.write, shard.index.stem, shard.seeds) for shard in missing]:
            if interrupted.is_set():
                pool.shutdown(cancel_futures=True)
                return False
            written.result()
    return True


def _prepare() -> None:
    """One thread, and SIGINT is for the process that waits for this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
    gc.freeze()  # else the process takes most of a second to look for garbage before it ends


def _render_shard(folder: Path, seconds: float, rate: int, name: str, seeds: range) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_shard(folder, name, ((seed, make_clip(seed, seconds=seconds, rate=rate).audio) for seed in seeds), rate)


def _write_latent_shard(folder: Path, codec: Codec, seconds: float | None, name: str, seeds: range) -> None:
    write_latents(folder, name, seeds, codec.loaded(), codec.rate, seconds=seconds)
