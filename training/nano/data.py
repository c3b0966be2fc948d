"""Renders the clips that nano is trained on, in as many processes as there are cores; what is there is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import torch

from services.vae.checkpoint import load
from training.audio_bank import write_shard
from training.latents import SILENCE, Encode, encode_with, write_latents, write_silence
from training.nano.recipe import HELD_OUT_SEEDS, TRAINING_SEEDS, Recipe
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
        return encode_with(load(self._models, dtype=torch.bfloat16, device=device).model)


def render_bank(folder: Path, recipe: Recipe, rate: int, processes: int) -> None:
    """Clips for the codec."""
    seeds = range(TRAINING_SEEDS, TRAINING_SEEDS + recipe.banked_clips)
    _each_shard(
        partial(_render_shard, folder, recipe.banked_seconds, rate), folder, seeds, recipe.clips_per_shard, processes
    )


def render_latents(folder: Path, held_out: Path, recipe: Recipe, codec: Codec, processes: int) -> None:
    """Latents for the DiT and the planner, and some that are only measured on."""
    for target, first, count in (
        (folder, TRAINING_SEEDS, recipe.latent_clips),
        (held_out, HELD_OUT_SEEDS, recipe.held_out_clips),
    ):
        if not (target / SILENCE).exists():
            write_silence(target, codec.loaded(), codec.rate)
        write = partial(_write_latent_shard, target, codec)
        _each_shard(write, target, range(first, first + count), recipe.clips_per_shard, processes)


Shard = Callable[[str, range], None]


def _each_shard(write: Shard, folder: Path, seeds: range, size: int, processes: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    missing = [(name, part) for name, part in _shards(seeds, size) if not (folder / f"{name}.json").exists()]
    if not missing:
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=_one_thread) as pool:
        for written in [pool.submit(write, name, part) for name, part in missing]:
            written.result()


def _shards(seeds: range, size: int) -> Iterator[tuple[str, range]]:
    for start in range(0, len(seeds), size):
        part = seeds[start : start + size]
        yield f"clips-{part.start:010d}", part


def _one_thread() -> None:
    torch.set_num_threads(1)


def _render_shard(folder: Path, seconds: float, rate: int, name: str, seeds: range) -> None:
    write_shard(folder, name, ((seed, make_clip(seed, seconds=seconds, rate=rate).audio) for seed in seeds), rate)


def _write_latent_shard(folder: Path, codec: Codec, name: str, seeds: range) -> None:
    write_latents(folder, name, seeds, codec.loaded(), codec.rate)
