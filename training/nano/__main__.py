"""`python -m training.nano`: makes nano from nothing, part by part; run it again to go on where it was."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from services.encoder.checkpoint import TEXT_ENCODER
from services.vae.checkpoint import FOLDER as VAE
from serving.settings import SettingsError, load, setting
from training.dit.__main__ import DitTrainingSettings
from training.dit.__main__ import main as train_dit
from training.model_configs import NANO_TEXT_VOCABULARY, nano_vae_config
from training.nano.card import write_card
from training.nano.data import Codec, render_bank, render_latents
from training.nano.recipe import RECIPES, TRAINING_SEEDS, Recipe
from training.nano.tokenizer import learn_vocabulary
from training.planner.__main__ import PlannerTrainingSettings
from training.planner.__main__ import main as train_planner
from training.vae.__main__ import VaeTrainingSettings
from training.vae.__main__ import main as train_codec
from training.words.__main__ import WordsTrainingSettings
from training.words.__main__ import main as train_words

_PARTS, _RECIPE = "parts.json", "recipe.json"
# Measured: text is learned faster than with the trainers' own rate.
_WORDS_RATE, _PLANNER_RATE = 3e-3, 2e-3
# Words take few steps: an average over the usual thousand would still hold the first.
_WORDS_AVERAGE = 0.99


@dataclass(frozen=True)
class NanoSettings:
    """Makes nano. Everything is kept below one folder; the model family is its `models`."""

    recipe: str = setting("cpu", "amounts and steps, for the machine at hand", choices=tuple(RECIPES))
    output: Path = setting(Path("out/nano"), "folder that holds everything")
    processes: int = setting(os.cpu_count() or 1, "processes that render clips", at_least=1)


@dataclass(frozen=True)
class Part:
    """How long a part of the recipe has taken so far, and whether it is finished."""

    hours: float = 0.0
    finished: bool = False


def main(settings: NanoSettings) -> None:
    """Renders, trains codec, words, DiT package and planner one after another, and describes it all in a model card."""
    recipe, output = RECIPES[settings.recipe], settings.output
    _check_recipe(output / _RECIPE, settings.recipe, recipe)
    models = output / "models"
    rate = nano_vae_config()["sampling_rate"]
    components = output / "codec" / "components.npz"
    makers: dict[str, Callable[[], bool]] = {
        "bank": lambda: render_bank(output / "bank", recipe, rate, settings.processes),
        "codec": lambda: _train_codec(recipe, output, models),
        "vocabulary": lambda: _learn_vocabulary(recipe, models),
        "words": lambda: _train_words(recipe, output, models),
        "latents": lambda: render_latents(
            output / "latents",
            output / "held-out",
            recipe,
            Codec(models, components, rate, recipe),
            settings.processes,
        ),
        "dit": lambda: _train_dit(recipe, output, models),
        "planner": lambda: _train_planner(recipe, output, models, settings.processes),
    }
    parts = _parts(output / _PARTS)
    for name, make in makers.items():
        part = parts.get(name, Part())
        if part.finished:
            continue
        print(f"{name}: begins", flush=True)
        started, finished = time.monotonic(), False
        try:
            finished = make()
        finally:
            parts[name] = Part(part.hours + (time.monotonic() - started) / 3600, finished)
            written = {known: asdict(each) for known, each in parts.items()}
            (output / _PARTS).write_text(json.dumps(written) + "\n", "utf-8")
        if not finished:
            print(f"{name}: was interrupted; run it again to go on", flush=True)
            return
    write_card(models / "README.md", settings.recipe, recipe, {name: part.hours for name, part in parts.items()})


def _check_recipe(path: Path, name: str, recipe: Recipe) -> None:
    """Notes what a folder is made by. Raises ValueError where it was begun by another recipe."""
    wanted = json.dumps({"name": name, **asdict(recipe)})
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted + "\n", "utf-8")
    elif path.read_text("utf-8").strip() != wanted:
        raise ValueError(f"{path}: the folder was begun with another recipe; choose another --output or remove it")


def _train_codec(recipe: Recipe, output: Path, models: Path) -> bool:
    folder = output / "codec"
    finished = train_codec(
        VaeTrainingSettings(
            data=output / "bank",
            output=folder,
            encoder="fixed" if recipe.fixed_encoder else "trained",
            steps=recipe.codec_steps,
            items=recipe.codec_items,
            device=recipe.device,
        )
    )
    shutil.copytree(folder / VAE, models / VAE, dirs_exist_ok=True)
    return finished


def _learn_vocabulary(recipe: Recipe, models: Path) -> bool:
    folder = models / TEXT_ENCODER
    folder.mkdir(parents=True, exist_ok=True)
    seeds = range(TRAINING_SEEDS, TRAINING_SEEDS + recipe.vocabulary_clips)
    learn_vocabulary(seeds, NANO_TEXT_VOCABULARY).write(folder, append_end_of_text=True)
    return True


def _train_words(recipe: Recipe, output: Path, models: Path) -> bool:
    return train_words(
        WordsTrainingSettings(
            models=models,
            output=output / "words",
            steps=recipe.words_steps,
            learning_rate=_WORDS_RATE,
            ema_decay=_WORDS_AVERAGE,
            device=recipe.device,
        )
    )


def _train_dit(recipe: Recipe, output: Path, models: Path) -> bool:
    return train_dit(
        DitTrainingSettings(
            data=output / "latents",
            held_out=output / "held-out",
            models=models,
            output=output / "dit",
            steps=recipe.primer_steps + recipe.dit_steps,
            primer_batches=recipe.primer_steps,
            frames_per_batch=recipe.dit_frames,
            device=recipe.device,
        )
    )


def _train_planner(recipe: Recipe, output: Path, models: Path, processes: int) -> bool:
    return train_planner(
        PlannerTrainingSettings(
            data=output / "latents",
            held_out=output / "held-out",
            models=models,
            output=output / "planner",
            steps=recipe.planner_steps,
            tokens_per_batch=recipe.planner_tokens,
            learning_rate=_PLANNER_RATE,
            processes=processes if recipe.device == "cuda" else 0,
            device=recipe.device,
        )
    )


def _parts(path: Path) -> dict[str, Part]:
    """What was made so far."""
    found = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return {name: Part(**part) for name, part in found.items()}


if __name__ == "__main__":
    try:
        main(load(NanoSettings, "quartet-make-nano"))
    except (SettingsError, ValueError) as error:
        sys.exit(f"error: {error}")
