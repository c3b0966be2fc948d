"""What nano is made of: seeds, amounts and steps, for a CPU of a few hours, a GPU, or a rehearsal.

The amounts for a GPU have not been run on one yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

# First seeds of clips. Those that are measured on are far from those that are trained on.
TRAINING_SEEDS = 1
SHORT_SEEDS = 100_000_001
HELD_OUT_SEEDS = 1_000_000_000
# Lengths of short clips, shard by shard: an hour of them holds three times as many wishes as an hour of whole songs.
SHORT_SECONDS = (8.0, 10.0, 12.0)


@dataclass(frozen=True)
class Recipe:
    """Clips and steps of each part; `short_clips` are learned from beside the `latent_clips` of whole songs.

    `fixed_encoder` leaves the codec's encoder the transform that it begins as. `later_seeds` is added to the seeds of
    clips that are trained on.
    """

    device: str
    banked_clips: int
    banked_seconds: float
    latent_clips: int
    short_clips: int
    held_out_clips: int
    vocabulary_clips: int
    fixed_encoder: bool
    codec_steps: int
    codec_items: int
    words_steps: int
    codes_steps: int
    primer_steps: int
    dit_steps: int
    dit_frames: int
    planner_steps: int
    planner_tokens: int
    clips_per_shard: int = 64
    later_seeds: int = 0


_CPU = Recipe(
    device="cpu",
    banked_clips=640,
    banked_seconds=16.0,
    latent_clips=576,
    short_clips=4608,
    held_out_clips=64,
    vocabulary_clips=2000,
    fixed_encoder=True,
    codec_steps=1500,
    codec_items=6,
    words_steps=800,
    codes_steps=1000,
    primer_steps=600,
    dit_steps=9000,
    dit_frames=1800,
    planner_steps=2000,
    planner_tokens=3000,
)

RECIPES: Mapping[str, Recipe] = {
    "cpu": _CPU,
    # For a family that is there already. models/nano has heard clips of seeds 10 to 40 million later: move on.
    "cpu-further": replace(
        _CPU,
        latent_clips=192,
        short_clips=3072,
        later_seeds=50_000_000,
        primer_steps=0,
        codec_steps=900,
        dit_steps=3000,
        planner_steps=1500,
    ),
    "gpu": Recipe(
        device="cuda",
        banked_clips=2560,
        banked_seconds=20.0,
        latent_clips=4000,
        short_clips=12_000,
        held_out_clips=128,
        vocabulary_clips=2000,
        fixed_encoder=False,
        codec_steps=6000,
        codec_items=32,
        words_steps=2000,
        codes_steps=3000,
        primer_steps=1500,
        dit_steps=6000,
        dit_frames=64_000,
        planner_steps=4000,
        planner_tokens=64_000,
    ),
    "rehearsal": Recipe(
        device="cpu",
        banked_clips=34,
        banked_seconds=1.0,
        latent_clips=2,
        short_clips=1,
        held_out_clips=1,
        vocabulary_clips=30,
        fixed_encoder=True,
        codec_steps=2,
        codec_items=1,
        words_steps=2,
        codes_steps=2,
        primer_steps=1,
        dit_steps=2,
        dit_frames=200,
        planner_steps=2,
        planner_tokens=500,
        clips_per_shard=17,
    ),
}
