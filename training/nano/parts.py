"""The parts that nano is made of, each of which is rendered, learned or trained by itself and goes on where it was."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch

from services.encoder.checkpoint import TEXT_ENCODER
from services.vae.checkpoint import FOLDER as VAE
from services.vae.checkpoint import load as load_codec
from services.vae.model import Oobleck
from training.codes.__main__ import CodesTrainingSettings
from training.codes.__main__ import main as train_codes
from training.dit.__main__ import DitTrainingSettings
from training.dit.__main__ import main as train_dit
from training.latents import encode_with
from training.model_configs import NANO_TEXT_VOCABULARY, nano_vae_config
from training.nano.card import CARD
from training.nano.data import Codec, render_bank, render_latents
from training.nano.recipe import TRAINING_SEEDS, Recipe
from training.nano.tokenizer import learn_vocabulary
from training.planner.__main__ import PlannerTrainingSettings
from training.planner.__main__ import main as train_planner
from training.planner.plans import PlansSettings
from training.planner.plans import main as write_plans
from training.synth.clip import make_clip
from training.vae.__main__ import COMPONENTS, VaeTrainingSettings, find_components, read_codec
from training.vae.__main__ import main as train_codec
from training.vae.transform import Components, components_of
from training.whole_files import whole
from training.words.__main__ import WordsTrainingSettings
from training.words.__main__ import main as train_words

# Measured: these are learned faster than with the trainers' own rates.
_WORDS_RATE, _CODES_RATE, _PLANNER_RATE = 3e-3, 2e-3, 3e-3
_DIT_RATE, _MUON = 1.5e-3, 2.0
# What is learned further: the planner as the transformer is, the codec by its spectra more than by its waveform.
_PLANNER_FURTHER_RATE, _CODEC_FURTHER_RATE, _CODEC_FURTHER_WAVEFORM = 1.5e-3, 6e-4, 0.03
# Of words there is no end, while codes are soon those of the same clips again.
_FURTHER_WORDS_ALONE = 0.7
# Averages of what is nearly learned already need not be long.
_FURTHER_AVERAGE = 0.99
# Words take few steps: an average over the usual thousand would still hold the first.
_WORDS_AVERAGE = 0.99
# How often a cover of a family that is trained further hears a plan, as songs of the product mostly do.
_PLANNED = 0.4
# Every fifth batch goes on to ask where bars and beats are, which counts as much as velocities do.
_PRIMER_EVERY, _PLACES = 5, 1.0


# Largest error of what components say of music, relative to what the encoder says that they are read off.
_NEAR = 0.1


@dataclass(frozen=True)
class Part:
    """How long a part of the recipe has taken so far, and whether it is finished."""

    hours: float = 0.0
    finished: bool = False


@dataclass(frozen=True)
class Parts:
    """All parts of a recipe below a folder, by name. `threads` are those of a part that runs beside another one.

    `begin` is a family that is trained further: its words, its audio codes and the encoder of its codec stay. It is
    copied first, and may change then.
    """

    recipe: Recipe
    output: Path
    processes: int
    threads: int
    begin: Path | None = None

    def make(self, names: Iterable[str]) -> bool:
        """Makes those that are not finished, one after another; false where one was interrupted."""
        for name in names:
            part = self.made(name)
            if part.finished:
                continue
            print(f"{name}: begins", flush=True)
            started, finished = time.monotonic(), False
            try:
                finished = self._makers[name]()
            finally:
                self._note(name, Part(part.hours + (time.monotonic() - started) / 3600, finished))
            if not finished:
                print(f"{name}: was interrupted; run it again to go on", flush=True)
                return False
        return True

    def finished(self, names: Iterable[str]) -> bool:
        """Whether all of these are there."""
        return all(self.made(name).finished for name in names)

    def made(self, name: str) -> Part:
        """What is known of a part."""
        path = self._notes / f"{name}.json"
        return Part(**json.loads(path.read_text("utf-8"))) if path.exists() else Part()

    def _note(self, name: str, part: Part) -> None:
        self._notes.mkdir(parents=True, exist_ok=True)
        with whole(self._notes / f"{name}.json") as partial:
            partial.write_text(json.dumps(asdict(part)) + "\n", "utf-8")

    @property
    def _notes(self) -> Path:
        return self.output / "parts"

    @property
    def _models(self) -> Path:
        return self.output / "models"

    @property
    def _family(self) -> Path:
        return self.output / "family"

    @property
    def _makers(self) -> Mapping[str, Callable[[], bool]]:
        return {
            "family": self._take_family,
            "bank": self._render_bank,
            "components": self._find_components,
            "vocabulary": self._learn_vocabulary,
            "words": self._train_words,
            "latents": self._render_latents,
            "plans": self._write_plans,
            "codes": self._train_codes,
            "dit": self._train_dit,
            "codec": self._train_codec,
            "planner": self._train_planner,
        }

    def _take_family(self) -> bool:
        """The family that is gone on with, and the components that its codec began with."""
        if self.begin is None:
            raise ValueError("no family to begin with")
        for copy in (self._family, self._models):
            shutil.copytree(self.begin, copy, ignore=shutil.ignore_patterns(CARD), dirs_exist_ok=True)
        if self.recipe.fixed_encoder:
            codec = load_codec(self._family, dtype=torch.float32, device=torch.device("cpu")).model
            components = components_of(read_codec(self._family), codec.config)
            _check_components(components, codec, self._family)
            (self.output / "codec").mkdir(parents=True, exist_ok=True)
            components.save(self.output / "codec" / COMPONENTS)
        return True

    def _render_bank(self) -> bool:
        return render_bank(self.output / "bank", self.recipe, nano_vae_config()["sampling_rate"], self.processes)

    def _find_components(self) -> bool:
        find_components(self._codec_settings)
        return True

    def _learn_vocabulary(self) -> bool:
        folder = self._models / TEXT_ENCODER
        folder.mkdir(parents=True, exist_ok=True)
        seeds = range(TRAINING_SEEDS, TRAINING_SEEDS + self.recipe.vocabulary_clips)
        learn_vocabulary(seeds, NANO_TEXT_VOCABULARY).write(folder, append_end_of_text=True)
        return True

    def _train_words(self) -> bool:
        return train_words(
            WordsTrainingSettings(
                models=self._models,
                output=self.output / "words",
                steps=self.recipe.words_steps,
                learning_rate=_WORDS_RATE,
                ema_decay=_WORDS_AVERAGE,
                device=self.recipe.device,
            )
        )

    def _render_latents(self) -> bool:
        components = self.output / "codec" / COMPONENTS
        codec = Codec(self._models, components, nano_vae_config()["sampling_rate"], self.recipe)
        return render_latents(self.output / "latents", self.output / "held-out", self.recipe, codec, self.processes)

    def _write_plans(self) -> bool:
        """By the planner that the family begins with, which has not learned from clips of `later_seeds`."""
        return write_plans(
            PlansSettings(
                data=self.output / "latents", models=self._family, device=self.recipe.device, threads=self.threads
            )
        )

    def _train_codes(self) -> bool:
        return train_codes(
            CodesTrainingSettings(
                data=self.output / "latents",
                held_out=self.output / "held-out",
                models=self._models,
                output=self.output / "codes",
                steps=self.recipe.codes_steps,
                learning_rate=_CODES_RATE,
                device=self.recipe.device,
            )
        )

    def _train_dit(self) -> bool:
        return train_dit(
            DitTrainingSettings(
                data=self.output / "latents",
                held_out=self.output / "held-out",
                models=self._models,
                output=self.output / "dit",
                steps=self.recipe.primer_steps + self.recipe.dit_steps,
                primer_batches=self.recipe.primer_steps,
                primer_every=_PRIMER_EVERY,
                begin="package" if self.begin else "fresh",
                planned=_PLANNED if self.begin else 0.0,
                places=_PLACES,
                frames_per_batch=self.recipe.dit_frames,
                learning_rate=_DIT_RATE,
                muon=_MUON,
                codes="fixed",
                threads=self.threads,
                device=self.recipe.device,
            )
        )

    @property
    def _codec_settings(self) -> VaeTrainingSettings:
        settings = VaeTrainingSettings(
            data=self.output / "bank",
            output=self.output / "codec",
            encoder="fixed" if self.recipe.fixed_encoder else "trained",
            steps=self.recipe.codec_steps,
            items=self.recipe.codec_items,
            threads=self.threads,
            device=self.recipe.device,
        )
        if self.begin is None:
            return settings
        return replace(
            settings,
            begin=self._family,
            encoder="fixed",
            waveform=_CODEC_FURTHER_WAVEFORM,
            learning_rate=_CODEC_FURTHER_RATE,
            ema_decay=_FURTHER_AVERAGE,
        )

    def _train_codec(self) -> bool:
        finished = train_codec(self._codec_settings)
        shutil.copytree(self.output / "codec" / VAE, self._models / VAE, dirs_exist_ok=True)
        return finished

    def _train_planner(self) -> bool:
        settings = PlannerTrainingSettings(
            data=self.output / "latents",
            held_out=self.output / "held-out",
            models=self._models,
            output=self.output / "planner",
            steps=self.recipe.planner_steps,
            tokens_per_batch=self.recipe.planner_tokens,
            learning_rate=_PLANNER_RATE,
            processes=self.processes if self.recipe.device == "cuda" else 0,
            threads=self.threads,
            device=self.recipe.device,
        )
        if self.begin is not None:
            settings = replace(
                settings,
                begin="planner",
                muon=_MUON,
                learning_rate=_PLANNER_FURTHER_RATE,
                words_alone=_FURTHER_WORDS_ALONE,
                ema_decay=_FURTHER_AVERAGE,
            )
        return train_planner(settings)


def _check_components(components: Components, codec: Oobleck, family: Path) -> None:
    """Raises ValueError where the encoder is not, or no longer, the transform that it is taken for."""
    music = make_clip(0, seconds=2, rate=codec.config.sampling_rate).audio
    wanted = encode_with(codec)(music)
    error = np.sqrt(np.square(components.project(music) - wanted)[2:-2].mean() / np.square(wanted).mean())
    if not error < _NEAR:
        raise ValueError(f"{family}: the encoder of the codec was trained; use a recipe that encodes with it")
