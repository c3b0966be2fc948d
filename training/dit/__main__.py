"""`python -m training.dit`: trains a DiT package on latents of generated clips; run it again to go on."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

from services.encoder.checkpoint import TEXT_ENCODER
from services.encoder.tokenization import PromptTokenizer
from services.runtime.checkpoints import CheckpointError
from serving.settings import SettingsError, load, setting
from training.checkpoints import TrainingStateError
from training.dit.examples import Examples, ExampleSettings
from training.dit.export import write_package, write_text_encoder
from training.dit.network import SongModel
from training.dit.task import SongTask
from training.latents import LatentStore, LatentStoreError
from training.loop import LoopSettings, run
from training.machine import MachineSettings
from training.model_configs import NANO, dit_config, qwen3_config
from training.numbers import start_numbers
from training.tiny_tokenizer import END_OF_TEXT
from training.weights import initialise, weights


@dataclass(frozen=True)
class DitTrainingSettings(LoopSettings, ExampleSettings, MachineSettings):
    """Trains the DiT package and its text encoder. The family must have its codec and tokenizer already."""

    data: Path = setting(Path("out/nano/latents"), "folder of latents to train on")
    held_out: Path = setting(Path("out/nano/held-out"), "folder of latents to measure on")
    models: Path = setting(Path("out/nano/models"), "model family that gets the package")
    output: Path = setting(Path("out/nano/dit"), "folder of the training; what is there is gone on with")
    variant: str = setting("acestep-v15-base", "name of the package")
    outline: float = setting(
        0.5, "weight of what the words say of a clip as a whole; 0 where the text encoder knows words", at_least=0
    )
    longest_frames: int = setting(6000, "longest song in frames of latents, 25 per second", at_least=1)


def main(settings: DitTrainingSettings) -> bool:
    """Trains, then exports the averaged weights; also after an interruption, so that what is there can be heard.

    Returns whether the training is finished.
    """
    settings.use_threads()
    ids = Tokenizer.from_file(str(settings.models / TEXT_ENCODER / "tokenizer.json")).get_vocab()
    text = qwen3_config(NANO.text, len(ids), begin=ids[END_OF_TEXT], end=ids[END_OF_TEXT])
    package = dit_config(NANO, "base", "bfloat16")
    model = SongModel(package, text)
    initialise(model, settings.seed)
    start_numbers(model.text_encoder.embed_tokens.weight, ids)
    model.to(settings.device)
    store = LatentStore.open(settings.data)
    task = SongTask(
        model,
        _examples(settings, store),
        _examples(settings, LatentStore.open(settings.held_out)),
        frames_per_batch=settings.frames_per_batch,
        outline=settings.outline,
        bfloat16=settings.bfloat16,
    )
    outcome = run(task, settings, settings.output)
    with weights(model, outcome.averaged):
        write_package(settings.models, settings.variant, model, package, store.silence, settings.longest_frames)
        write_text_encoder(settings.models, model, text)
    print(outcome.sentence)
    return outcome.finished


def _examples(settings: DitTrainingSettings, store: LatentStore) -> Examples:
    tokenizer = PromptTokenizer(settings.models / TEXT_ENCODER / "tokenizer.json")
    return Examples(store, tokenizer, settings, NANO.reference_frames, settings.seed)


if __name__ == "__main__":
    try:
        main(load(DitTrainingSettings, "quartet-train-dit"))
    except (CheckpointError, LatentStoreError, SettingsError, TrainingStateError) as error:
        sys.exit(f"error: {error}")
