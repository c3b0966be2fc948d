"""`python -m training.dit`: trains a DiT package on latents of generated clips; run it again to go on."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from services.dit import checkpoint as dit_checkpoint
from services.encoder import checkpoint as encoder_checkpoint
from services.encoder.checkpoint import TEXT_ENCODER
from services.encoder.config import EncoderConfig
from services.encoder.tokenization import PromptTokenizer
from services.runtime.checkpoints import CheckpointError, read_json
from serving.settings import SettingsError, load, setting
from training.checkpoints import TrainingStateError
from training.dit.examples import Clip, Examples, ExampleSettings
from training.dit.export import write_package, write_text_encoder
from training.dit.network import SongModel
from training.dit.primer import Primed, PrimerSettings
from training.dit.task import LossWeights, SongTask
from training.latents import SILENT_FRAMES, LatentStore, LatentStoreError
from training.loop import LoopSettings, run
from training.machine import MachineSettings
from training.model_configs import NANO, dit_config
from training.planner.codes import Kept, read_codes
from training.weights import initialise, weights


@dataclass(frozen=True)
class DitTrainingSettings(LoopSettings, ExampleSettings, PrimerSettings, LossWeights, MachineSettings):
    """Trains the DiT package, and its text encoder further. The family must have its codec and text encoder already."""

    data: Path = setting(Path("out/nano/latents"), "folder of latents to train on")
    held_out: Path = setting(Path("out/nano/held-out"), "folder of latents to measure on")
    models: Path = setting(Path("out/nano/models"), "model family that gets the package")
    output: Path = setting(Path("out/nano/dit"), "folder of the training; what is there is gone on with")
    variant: str = setting("acestep-v15-base", "name of the package")
    begin: str = setting(
        "fresh",
        "whether the package begins with drawn weights, or as the family has it, to be trained further",
        choices=("fresh", "package"),
    )
    codes: str = setting(
        "trained",
        "whether audio codes are trained too or stay those of the family's package",
        choices=("trained", "fixed"),
    )
    longest_frames: int = setting(SILENT_FRAMES, "longest song in frames of latents, 25 per second", at_least=1)


def main(settings: DitTrainingSettings) -> bool:
    """Trains, then exports the averaged weights; also after an interruption, so that what is there can be heard.

    Returns whether the training is finished.
    """
    settings.use_threads()
    text = read_json(settings.models / TEXT_ENCODER / "config.json")
    package = dit_config(NANO, "base", "bfloat16")
    model = SongModel(package, text)
    initialise(model, settings.seed)
    _begin(model, settings)
    model.to(settings.device)
    store = LatentStore.open(settings.data)
    tokenizer = PromptTokenizer(settings.models / TEXT_ENCODER / "tokenizer.json")
    plans = read_plans(settings, math.prod(EncoderConfig.from_json(package).fsq_levels))
    music, held_out = (
        Examples(latents, tokenizer, settings, NANO.reference_frames, settings.seed, heard)
        for latents, heard in ((store, plans), (LatentStore.open(settings.held_out), {}))
    )
    task = SongTask(
        model,
        Primed(music, tokenizer, store.silence, NANO.reference_frames, settings, settings.seed),
        held_out,
        frames_per_batch=settings.frames_per_batch,
        weights=LossWeights(settings.loudness, settings.answers, settings.places),
        fixed_codes=settings.codes == "fixed",
        bfloat16=settings.bfloat16,
    )
    outcome = run(task, settings, settings.output)
    with weights(model, outcome.averaged):
        write_package(settings.models, settings.variant, model, package, store.silence, settings.longest_frames)
        write_text_encoder(settings.models, model.text_encoder, text)
    print(outcome.sentence)
    return outcome.finished


def read_plans(settings: DitTrainingSettings, codebook_size: int) -> Mapping[Clip, Sequence[int]]:
    """The codes of plans by seed and length of their clip, where covers are to hear some.

    Raises SettingsError, or LatentStoreError where there are none or none of the package's codes.
    """
    if not settings.planned:
        return {}
    if settings.codes != "fixed":
        raise SettingsError("--planned: plans are of audio codes that stay; give --codes fixed")
    kept = read_codes(settings.data, Kept.PLANS)
    found = {(clip.seed, clip.seconds): clip.codes.tolist() for clip in kept.clips if len(clip.codes)}
    if not found or kept.codebook_size != codebook_size:
        raise LatentStoreError(
            f"{settings.data}: holds plans of {len(found)} clips in {kept.codebook_size} audio codes, the package has "
            f"{codebook_size}; write them with the planner of its family by python -m training.planner.plans"
        )
    return found


def _begin(model: SongModel, settings: DitTrainingSettings) -> None:
    """The text encoder of the family; of its package all weights or the audio codes, where these are gone on with."""
    exact: dict[str, Any] = {"dtype": torch.float32, "device": torch.device("cpu")}
    if settings.begin == "fresh" and settings.codes == "trained":
        words, _ = encoder_checkpoint.load_text_encoder(settings.models / TEXT_ENCODER, **exact)
        model.text_encoder.load_state_dict(words.state_dict())
        return
    family = encoder_checkpoint.load(settings.models, settings.variant, **exact).model
    model.text_encoder.load_state_dict(family.text_encoder.state_dict())
    if settings.begin == "package":
        decoder = dit_checkpoint.load(settings.models, settings.variant, **exact).model
        model.decoder.load_state_dict(decoder.state_dict())
        model.package.load_state_dict(family.package.state_dict())
    else:
        model.package.tokenizer.load_state_dict(family.package.tokenizer.state_dict())
        model.package.detokenizer.load_state_dict(family.package.detokenizer.state_dict())


if __name__ == "__main__":
    try:
        main(load(DitTrainingSettings, "quartet-train-dit"))
    except (CheckpointError, LatentStoreError, SettingsError, TrainingStateError) as error:
        sys.exit(f"error: {error}")
