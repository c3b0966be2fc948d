"""Audio codes as a task of the training loop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch.nn import functional

from training.codes.network import AudioCodes
from training.model_task import Batches, ModelTask
from training.vae.energies import ENERGIES


class CodesTask(ModelTask[AudioCodes, torch.Tensor]):
    """Trains AudioCodes to rebuild latents, nano's loudnesses first: a code of 12 bits holds rhythm and harmony, and
    nothing of the waves themselves, whose errors would only drown it."""

    def __init__(
        self,
        model: AudioCodes,
        windows: Batches[torch.Tensor],
        held_out: Batches[torch.Tensor],
        *,
        units: float,
        loudness: float,
        bfloat16: bool,
    ) -> None:
        super().__init__(model, windows, held_out, bfloat16=bfloat16)
        self._units = units
        self._loudness = loudness

    @property
    def units_per_batch(self) -> float:
        """Clips."""
        return self._units

    def _errors(self, examples: Sequence[torch.Tensor]) -> tuple[torch.Tensor, Mapping[str, torch.Tensor]]:
        """What to learn from, and its parts: means over all latents and over the loudnesses."""
        windows = torch.cat(list(examples)).to(self._device)
        kept = self._model(windows)
        whole = functional.mse_loss(kept, windows)
        loudness = functional.mse_loss(kept[..., -ENERGIES:], windows[..., -ENERGIES:])
        return whole + self._loudness * loudness, {"codes": whole, "loudness": loudness}
