"""`python -m training.codes`: trains the audio codes of a model family on latents; run it again to go on."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from services.encoder.checkpoint import TEXT_ENCODER
from services.encoder.config import EncoderConfig
from services.runtime.checkpoints import CheckpointError, read_json
from serving.settings import SettingsError, load, setting
from training.checkpoints import TrainingStateError
from training.codes.examples import Windows
from training.codes.network import AudioCodes
from training.codes.task import CodesTask
from training.dit.export import write_package
from training.dit.network import SongModel
from training.latents import SILENT_FRAMES, LatentStore, LatentStoreError
from training.loop import LoopSettings, run
from training.machine import MachineSettings
from training.model_configs import NANO, dit_config
from training.weights import initialise, weights


@dataclass(frozen=True)
class CodesTrainingSettings(LoopSettings, MachineSettings):
    """Trains audio codes alone, and leaves a DiT package that has them and is fresh otherwise."""

    data: Path = setting(Path("out/nano/latents"), "folder of latents to train on")
    held_out: Path = setting(Path("out/nano/held-out"), "folder of latents to measure on")
    models: Path = setting(Path("out/nano/models"), "model family that gets the package; it has its text encoder")
    output: Path = setting(Path("out/nano/codes"), "folder of the training; what is there is gone on with")
    variant: str = setting("acestep-v15-base", "name of the package")
    clips: int = setting(16, "clips in a batch", at_least=1)
    loudness: float = setting(2.0, "weight of nano's loudnesses, beside that in the mean over all latents", at_least=0)


def main(settings: CodesTrainingSettings) -> bool:
    """Trains, then exports the averaged weights; also after an interruption. Returns whether it is finished."""
    settings.use_threads()
    config = dit_config(NANO, "base", "bfloat16")
    codes = AudioCodes(EncoderConfig.from_json(config))
    initialise(codes, settings.seed)
    codes.to(settings.device)
    store = LatentStore.open(settings.data)
    task = CodesTask(
        codes,
        Windows(store, settings.clips, settings.seed),
        Windows(LatentStore.open(settings.held_out), settings.clips, settings.seed),
        units=settings.clips,
        loudness=settings.loudness,
        bfloat16=settings.bfloat16,
    )
    outcome = run(task, settings, settings.output)
    fresh = SongModel(config, read_json(settings.models / TEXT_ENCODER / "config.json"))
    initialise(fresh, settings.seed)
    with weights(codes, outcome.averaged):
        fresh.package.tokenizer.load_state_dict(codes.tokenizer.state_dict())
        fresh.package.detokenizer.load_state_dict(codes.detokenizer.state_dict())
    write_package(settings.models, settings.variant, fresh, config, store.silence, SILENT_FRAMES)
    print(f"{outcome.sentence}\n{dict(outcome.measured)}")
    return outcome.finished


if __name__ == "__main__":
    try:
        main(load(CodesTrainingSettings, "quartet-train-codes"))
    except (CheckpointError, LatentStoreError, SettingsError, TrainingStateError) as error:
        sys.exit(f"error: {error}")
