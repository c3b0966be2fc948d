"""Training of the codec on pieces of a bank of audio."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import torch

from training.audio_bank import AudioBank
from training.vae.losses import LossWeights, divergence, si_sdr, spectral_distance, waveform_error
from training.vae.network import Reconstruction, Tensors, TrainableCodec
from training.vae.transform import Components, start_as_transform

_QUIETEST, _LOUDEST = 0.3, 1.2
_WRITTEN_CLIPS = 3


@dataclass(frozen=True)
class Batches:
    """How much audio a batch holds, and the seed that its pieces are drawn by."""

    items: int
    frames: int
    seed: int


class VaeTask:
    """Batches of random pieces with random gains; batch and noise are functions of the seed and the batch's number.

    The codec begins as the transform of components, or with the weights of a checkpoint. With a `fixed_encoder` it is
    the decoder alone that is trained.
    """

    def __init__(
        self,
        codec: TrainableCodec,
        bank: AudioBank,
        batches: Batches,
        weights: LossWeights,
        start: Components | Tensors,
        *,
        fixed_encoder: bool,
        device: torch.device,
        bfloat16: bool,
    ) -> None:
        self._codec = codec
        self._bank = bank
        self._batches = batches
        self._weights = weights
        self._device = device
        self._bfloat16 = bfloat16
        initial = codec.initial(batches.seed, device)
        if isinstance(start, Components):
            start_as_transform(initial, codec.config, start)
        else:
            for key, weight in initial.items():
                weight.data.copy_(start[key])
        fixed = {key for key in initial if fixed_encoder and key.startswith("encoder.")}
        self.fixed = {key: initial[key].detach() for key in fixed}
        self._parameters = {key: weight for key, weight in initial.items() if key not in fixed}

    @property
    def parameters(self) -> Tensors:
        """Weights by the keys of the checkpoint."""
        return self._parameters

    @property
    def units_per_batch(self) -> float:
        """Seconds of audio."""
        return self._batches.items * self._batches.frames * self._codec.config.hop / self._codec.config.sampling_rate

    def loss(self, batch: int) -> tuple[torch.Tensor, Mapping[str, torch.Tensor]]:
        """The weighted sum of the three losses, and each of them."""
        random = np.random.default_rng([self._batches.seed, batch])
        length = self._batches.frames * self._codec.config.hop
        pieces = [
            self._bank.crop(random, length) * np.float32(random.uniform(_QUIETEST, _LOUDEST))
            for _ in range(self._batches.items)
        ]
        pcm = torch.from_numpy(np.stack(pieces)).to(self._device)
        found = self._reconstruct(self._parameters, pcm, random)
        parts = {
            "waveform_db": waveform_error(found.pcm, pcm),
            "spectrum": spectral_distance(found.pcm, pcm, self._weights.windows),
            "divergence": divergence(found.posterior),
        }
        total = (
            self._weights.waveform * parts["waveform_db"]
            + self._weights.spectrum * parts["spectrum"]
            + self._weights.divergence * parts["divergence"]
        )
        return total, parts

    @torch.no_grad()
    def sample(self, averaged: Tensors, folder: Path) -> Mapping[str, float]:
        """Measures the reconstruction of a piece of every clip that is held out, and writes the first of them."""
        folder.mkdir(parents=True, exist_ok=True)
        rate = self._codec.config.sampling_rate
        ratios, distances, means, stds = [], [], [], []
        for number, clip in enumerate(self._bank.held_out):
            random = np.random.default_rng([self._batches.seed, clip.seed])
            length = min(len(clip.samples), 10 * rate) // self._codec.config.hop * self._codec.config.hop
            pcm = torch.from_numpy(clip.piece(0, length))[None].to(self._device)
            found = self._reconstruct(averaged, pcm, random)
            ratios.append(float(si_sdr(found.pcm, pcm)))
            distances.append(float(spectral_distance(found.pcm, pcm, self._weights.windows)))
            means.append(found.posterior.mean[0])
            stds.append(found.posterior.std[0])
            if number < _WRITTEN_CLIPS:
                both = torch.cat([pcm, found.pcm], dim=1)[0].clamp(-1, 1).cpu().numpy()
                soundfile.write(folder / f"clip-{clip.seed}-before-and-after.flac", both, rate)
        return {
            "si_sdr_db": float(np.mean(ratios)),
            "worst_si_sdr_db": min(ratios),
            "spectrum": float(np.mean(distances)),
            "latent_std": float(torch.cat(means).std()),
            "posterior_std": float(torch.cat(stds).mean()),
        }

    def _reconstruct(self, weights: Tensors, pcm: torch.Tensor, random: np.random.Generator) -> Reconstruction:
        config = self._codec.config
        shape = (len(pcm), pcm.shape[1] // config.hop, config.latent_channels)
        noise = torch.from_numpy(random.standard_normal(shape, dtype=np.float32)).to(self._device)
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._bfloat16):
            return self._codec.reconstruct({**self.fixed, **weights}, pcm, noise)
