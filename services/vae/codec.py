"""Long items through the codec, window by window."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from services.vae.model import Oobleck, Posterior
from services.vae.windows import Window, plan


class WindowedCodec:
    """Decodes and encodes windows, of one item or of several at once: tensors in and out are float32 on the CPU.

    The length of a window is a setting, never a guess from free memory: replicas that agree on it agree on results.
    """

    def __init__(self, model: Oobleck, window_frames: int, *, device: torch.device, dtype: torch.dtype) -> None:
        self._model = model
        self._window_frames = window_frames
        self._device = device
        self._dtype = dtype
        self.config = model.config

    def windows(self, frames: int) -> tuple[Window, ...]:
        """The windows of an item, in order; what they yield, joined, is the whole."""
        return plan(frames, self._window_frames)

    @torch.inference_mode()
    def decode_windows(self, parts: Sequence[tuple[torch.Tensor, Window]]) -> list[torch.Tensor]:
        """PCM [samples, audio channels] of each window's core, from all latents [frames, latent channels] of its item.

        Windows are of one length.
        """
        seen = torch.stack([latents[window.start : window.stop] for latents, window in parts])
        pcm = self._model.decode(seen.to(self._device, self._dtype))
        cores = [item[_core(window, self.config.hop)] for item, (_, window) in zip(pcm, parts, strict=True)]
        return [core.to("cpu", torch.float32, copy=True) for core in cores]

    @torch.inference_mode()
    def encode_windows(self, parts: Sequence[tuple[torch.Tensor, Window]]) -> list[Posterior]:
        """Posterior [frames, latent channels] of each window's core, from all PCM [samples, channels] of its item.

        Windows are of one length.
        """
        hop = self.config.hop
        seen = torch.stack([pcm[window.start * hop : window.stop * hop] for pcm, window in parts])
        posterior = self._model.encode(seen.to(self._device, self._dtype))
        mean, std = (part.to("cpu", torch.float32) for part in (posterior.mean, posterior.std))
        cores = [_core(window, 1) for _, window in parts]
        return [Posterior(mean[item, core], std[item, core]) for item, core in enumerate(cores)]


def _core(window: Window, unit: int) -> slice:
    return slice((window.core_start - window.start) * unit, (window.core_stop - window.start) * unit)
