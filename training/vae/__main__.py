"""`python -m training.vae`: trains the codec of a model family on a bank of audio; run it again to go on."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from services.runtime.checkpoints import CheckpointError, SafetensorsFolder, read_json
from services.vae.checkpoint import FOLDER, WEIGHTS
from services.vae.config import VaeConfig
from serving.settings import SettingsError, load, setting
from training.audio_bank import AudioBank, AudioBankError, open_bank
from training.checkpoints import TrainingStateError
from training.loop import LoopSettings, run
from training.machine import MachineSettings
from training.model_configs import nano_vae_config
from training.vae.energies import ENERGIES, listen
from training.vae.export import write_codec
from training.vae.losses import LossWeights
from training.vae.network import Tensors, TrainableCodec
from training.vae.task import Batches, VaeTask
from training.vae.transform import Components, principal_components
from training.vae.windows import windows_of

# Below the folder of a training: what its encoder begins as.
COMPONENTS = "components.npz"
_CLIPS_FOR_COMPONENTS, _CLIPS_FOR_LOUDNESS = 128, 48


@dataclass(frozen=True)
class VaeTrainingSettings(LoopSettings, MachineSettings):
    """Trains the codec. Its folder gets the state, losses, samples, and in the end the codec in `vae/`."""

    data: Path = setting(Path("out/bank"), "folder of a bank of audio")
    output: Path = setting(Path("out/nano-vae"), "folder of the training; what is there is gone on with")
    config: Path | None = setting(None, "config.json of the codec; that of nano unless given")
    begin: Path | None = setting(
        None, "folder of a model family whose codec is trained further; unless given it begins as a transform"
    )
    encoder: str = setting(
        "trained",
        "whether the encoder is trained or stays the transform that it begins as",
        choices=("trained", "fixed"),
    )
    energies: bool = setting(True, "whether the last latents say how loud bands and pitches are")
    items: int = setting(4, "pieces of audio in a batch", at_least=1)
    frames: int = setting(24, "latent frames of a piece, 25 per second", at_least=1)
    waveform: float = setting(LossWeights.waveform, "weight of the error of the waveform, in dB", at_least=0)
    spectrum: float = setting(LossWeights.spectrum, "weight of the distance of spectra", at_least=0)
    divergence: float = setting(LossWeights.divergence, "weight of the divergence from the unit normal", at_least=0)


def main(settings: VaeTrainingSettings) -> bool:
    """Trains, then exports the averaged weights; also after an interruption, so that what is there can be heard.

    Returns whether the training is finished.
    """
    settings.use_threads()
    fixed_encoder = settings.encoder == "fixed"
    begun = read_codec(settings.begin) if settings.begin else {}
    idle = _idle(begun) if begun else ("encoder." if fixed_encoder else "encoder.block.0.",)
    codec = TrainableCodec(_config(settings), idle)
    bank = _bank(settings, codec.config)
    print(f"{bank.hours:.1f} h to train on, {len(bank.held_out)} clips held out", flush=True)
    task = VaeTask(
        codec,
        bank,
        Batches(settings.items, settings.frames, settings.seed),
        LossWeights(settings.waveform, settings.spectrum, settings.divergence),
        begun or _components(settings, bank, codec.config),
        fixed_encoder=fixed_encoder,
        device=torch.device(settings.device),
        bfloat16=settings.bfloat16,
    )
    outcome = run(task, settings, settings.output)
    # Latents of a fixed encoder are about unit already, and the DiT is trained on them as they are.
    latent_std = 1.0 if fixed_encoder else outcome.measured["latent_std"]
    write_codec(settings.output, codec, {**task.fixed, **outcome.averaged}, latent_std, torch.float16)
    print(f"{outcome.sentence}\n{json.dumps(outcome.measured)}")
    return outcome.finished


def find_components(settings: VaeTrainingSettings) -> Components:
    """Those that a training begins with, found now unless they are there."""
    config = _config(settings)
    return _components(settings, _bank(settings, config), config)


def read_codec(models: Path) -> dict[str, torch.Tensor]:
    """The tensors of a family's codec, in float32."""
    tensors = SafetensorsFolder(models / FOLDER, WEIGHTS, dtype=torch.float32)
    return {key: tensors.read(key) for key in tensors.shapes()}


def _idle(begun: Tensors) -> tuple[str, ...]:
    """Units of a codec that add nothing."""
    end = ".conv2.weight_g"
    return tuple(
        key.removesuffix(end)
        for key, gain in begun.items()
        if ".res_unit" in key and key.endswith(end) and not gain.any()
    )


def _config(settings: VaeTrainingSettings) -> VaeConfig:
    values = nano_vae_config() if settings.config is None else read_json(settings.config)
    return VaeConfig.from_json(values, str(settings.config or "nano"))


def _bank(settings: VaeTrainingSettings, config: VaeConfig) -> AudioBank:
    shortest = settings.frames * config.hop
    return open_bank(settings.data, rate=config.sampling_rate, channels=config.audio_channels, shortest=shortest)


def _components(settings: VaeTrainingSettings, bank: AudioBank, config: VaeConfig) -> Components:
    """Those of the bank, found when a training begins."""
    path = settings.output / COMPONENTS
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        clips = bank.training[:: max(1, len(bank.training) // _CLIPS_FOR_COMPONENTS)]
        pieces = [clip.piece(0, len(clip.samples)) for clip in clips]
        loudnesses = ENERGIES if settings.energies else 0
        if config.latent_channels <= loudnesses:
            raise CheckpointError(
                f"the codec has {config.latent_channels} latents, of which {loudnesses} are loudnesses; "
                "say --energies false, or give it more"
            )
        components = principal_components(pieces, config.hop, config.latent_channels - loudnesses)
        if loudnesses:
            music = [windows_of(piece, config.hop) for piece in pieces[:_CLIPS_FOR_LOUDNESS]]
            components = replace(components, detectors=listen(music, config.hop, config.sampling_rate))
        components.save(path)
    return Components.load(path)


if __name__ == "__main__":
    try:
        main(load(VaeTrainingSettings, "quartet-train-vae"))
    except (AudioBankError, CheckpointError, SettingsError, TrainingStateError) as error:
        sys.exit(f"error: {error}")
