"""`python -m training.planner`: trains a planner on the audio codes of generated clips; run it again to go on."""

from __future__ import annotations

import math
import sys
from contextlib import nullcontext
from dataclasses import dataclass, fields, replace
from pathlib import Path

import torch

from services.encoder import checkpoint as encoder_checkpoint
from services.encoder.text import TextEncoder
from services.planner.checkpoint import TOKENIZER
from services.runtime.checkpoints import CheckpointError
from services.runtime.qwen3 import Qwen3Config
from serving.settings import SettingsError, load, setting
from training.checkpoints import TrainingStateError
from training.latents import LatentStoreError
from training.loop import LoopSettings, run
from training.machine import MachineSettings
from training.model_configs import NANO_PLANNER, NANO_PLANNER_NAME
from training.nano.tokenizer import Vocabulary
from training.numbers import start_numbers
from training.planner.ahead import DrawnAhead, ExampleSource
from training.planner.codes import keep_codes
from training.planner.examples import ExampleSettings
from training.planner.export import write_planner, write_tokenizer
from training.planner.task import PlannerTask
from training.weights import initialise, weights


@dataclass(frozen=True)
class PlannerTrainingSettings(LoopSettings, ExampleSettings, MachineSettings):
    """Trains a planner. The family must have its text encoder and its DiT package already."""

    data: Path = setting(Path("out/nano/latents"), "folder of latents to train on; it keeps their audio codes")
    held_out: Path = setting(Path("out/nano/held-out"), "folder of latents to measure on")
    models: Path = setting(Path("out/nano/models"), "model family that gets the planner")
    output: Path = setting(Path("out/nano/planner"), "folder of the training; what is there is gone on with")
    variant: str = setting("acestep-v15-base", "DiT package of the family that makes the audio codes")
    name: str = setting(NANO_PLANNER_NAME, "name of the planner")
    begin: str = setting(
        "fresh",
        "whether it begins with drawn weights, or as the family has it, to be trained further",
        choices=("fresh", "planner"),
    )
    processes: int = setting(0, "processes that draw examples ahead; 0 draws when they are needed", at_least=0)


def main(settings: PlannerTrainingSettings) -> bool:
    """Trains, then exports the averaged weights; also after an interruption, so that what is there can be tried.

    Returns whether the training is finished.
    """
    settings.use_threads()
    encoder = encoder_checkpoint.load(
        settings.models, settings.variant, dtype=torch.float32, device=torch.device("cpu")
    )
    for latents in (settings.data, settings.held_out):
        keep_codes(latents, encoder)
    codebook_size = math.prod(encoder.config.fsq_levels)
    config = write_tokenizer(settings.models, settings.name, codebook_size, NANO_PLANNER)
    folder = settings.models / settings.name
    source = ExampleSource(
        latents=settings.data,
        tokenizer=folder / TOKENIZER,
        vocabulary=config["vocab_size"],
        settings=ExampleSettings(**{each.name: getattr(settings, each.name) for each in fields(ExampleSettings)}),
        seed=settings.seed,
        new_words=True,
    )
    held_out = replace(source, latents=settings.held_out, new_words=False)
    model = TextEncoder(Qwen3Config.from_json(config))
    if settings.begin == "planner":
        begun, _ = encoder_checkpoint.load_text_encoder(folder, dtype=torch.float32, device=torch.device("cpu"))
        model.load_state_dict(begun.state_dict())
    else:
        initialise(model, settings.seed)
        start_numbers(model.embed_tokens.weight, Vocabulary.read(folder / TOKENIZER).ids)
    model.to(settings.device)
    processes = settings.processes
    with DrawnAhead(source, processes) if processes else nullcontext(source.examples()) as examples:
        task = PlannerTask(
            model,
            examples,
            held_out.examples(),
            first_code=config["vocab_size"] - codebook_size,
            tokens_per_batch=settings.tokens_per_batch,
            bfloat16=settings.bfloat16,
        )
        outcome = run(task, settings, settings.output)
    with weights(model, outcome.averaged):
        write_planner(folder, model, config)
    print(outcome.sentence)
    return outcome.finished


if __name__ == "__main__":
    try:
        main(load(PlannerTrainingSettings, "quartet-train-planner"))
    except (CheckpointError, LatentStoreError, SettingsError, TrainingStateError) as error:
        sys.exit(f"error: {error}")
