"""Long items through the codec, window by window."""

from __future__ import annotations

import torch

from services.vae.model import Oobleck, Posterior
from services.vae.windows import Window, plan


class WindowedCodec:
    """Decodes and encodes windows of single items: tensors in and out are float32 on the CPU.

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
    def decode_window(self, latents: torch.Tensor, window: Window) -> torch.Tensor:
        """PCM [samples, audio channels] of a window's core, from all latents [frames, latent channels]."""
        seen = latents[window.start : window.stop]
        pcm = self._model.decode(seen[None].to(self._device, self._dtype))[0]
        return pcm[_core(window, self.config.hop)].to("cpu", torch.float32).clone()

    @torch.inference_mode()
    def encode_window(self, pcm: torch.Tensor, window: Window) -> Posterior:
        """Posterior [frames, latent channels] of a window's core, from all PCM [samples, audio channels]."""
        seen = pcm[window.start * self.config.hop : window.stop * self.config.hop]
        posterior = self._model.encode(seen[None].to(self._device, self._dtype))
        core = _core(window, 1)
        return Posterior(*(part[0, core].to("cpu", torch.float32) for part in (posterior.mean, posterior.std)))


def _core(window: Window, unit: int) -> slice:
    return slice((window.core_start - window.start) * unit, (window.core_stop - window.start) * unit)
