"""Audio codes with gradients: the tokenizer and the detokenizer of a DiT package, one after the other."""

from __future__ import annotations

import torch
from torch import nn

from services.encoder.audio_codes import AudioDetokenizer, AudioTokenizer
from services.encoder.config import EncoderConfig
from services.encoder.fsq import digits_of, level_values, soft_clamp


class AudioCodes(nn.Module):
    """What says codes of latents, and what makes latents of codes; parameter names are the original keys."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.tokenizer = AudioTokenizer(config)
        self.detokenizer = AudioDetokenizer(config)

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """See `kept_by_codes`."""
        return kept_by_codes(self.tokenizer, self.detokenizer, windows)


def kept_by_codes(tokenizer: AudioTokenizer, detokenizer: AudioDetokenizer, windows: torch.Tensor) -> torch.Tensor:
    """What one code each keeps of windows of latents [windows, frames, channels], same shape, in float32.

    Rounding passes gradients straight through (Bengio et al. 2013).
    """
    windows = windows.to(detokenizer.special_tokens)
    embedded = tokenizer.audio_acoustic_proj(windows.flatten(0, 1)).view(*windows.shape[:2], -1)
    quantizer = tokenizer.quantizer
    bounded = soft_clamp(quantizer.project_in(tokenizer.attention_pooler(embedded)).float(), quantizer.levels)
    rounded = level_values(digits_of(bounded, quantizer.levels), quantizer.levels)
    values = bounded + (rounded - bounded).detach()
    kept: torch.Tensor = detokenizer(quantizer.project_out(values.to(embedded.dtype)))
    return kept.float()
