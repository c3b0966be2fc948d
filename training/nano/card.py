"""The model card of nano: what it was made of, how long that took, and on what machine."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import torch

from training.nano.recipe import HELD_OUT_SEEDS, TRAINING_SEEDS, Recipe

# What a family's card is called.
CARD = "README.md"
_TEXT = """# nano

A small model family with the architecture and the file layout of ACE-Step 1.5, trained from nothing on music that
`training/synth` makes from seeds. No recording, no other model and no text of anybody else went into it.

Licence: MIT, as the rest of Quartet.

## What it is for

Trying Quartet on a machine without the public checkpoints, and tests that listen. It knows the styles, instruments and
languages of its generator and nothing else; its voice sings vowels. It is no substitute for the published models.

## How it was made

`python -m training.nano --recipe {name}{begin}` with seeds {first} and up; what is measured has seeds from {held_out}
up.

| amount | value |
|---|---|
{amounts}

| part | hours |
|---|---|
{hours}

Machine: {machine}, torch {torch}.
"""


def write_card(path: Path, name: str, recipe: Recipe, hours: Mapping[str, float], begin: Path | None) -> None:
    """Writes the card of a family, which was made from nothing or began as another one."""
    path.write_text(
        _TEXT.format(
            name=name,
            begin=f" --begin {begin}" if begin else "",
            first=TRAINING_SEEDS + recipe.later_seeds,
            held_out=HELD_OUT_SEEDS,
            amounts="\n".join(f"| {key.replace('_', ' ')} | {value} |" for key, value in asdict(recipe).items()),
            hours="\n".join(f"| {part} | {taken:.2f} |" for part, taken in hours.items()),
            machine=_machine(recipe.device),
            torch=torch.__version__,
        ),
        "utf-8",
    )


def _machine(device: str) -> str:
    if device == "cuda":
        return str(torch.cuda.get_device_name())
    return f"{platform.machine()} with {torch.get_num_threads()} threads"
