"""All networks of the stage: text encoder, condition encoder, audio tokenizer and detokenizer."""

from __future__ import annotations

import torch
from torch import nn
from transformers import Qwen3Model

from services.encoder.audio_codes import AudioDetokenizer, AudioTokenizer
from services.encoder.condition import ConditionEncoder
from services.encoder.config import EncoderConfig


class DitPackageEncoder(nn.Module):
    """What a DiT package holds beside the transformer itself; parameter names are the original keys."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = ConditionEncoder(config)
        self.tokenizer = AudioTokenizer(config)
        self.detokenizer = AudioDetokenizer(config)
        self.null_condition_emb = nn.Parameter(torch.zeros(1, 1, config.width))


class EncoderModel:
    """The networks at work, without gradients. Tensors in and out are float32 on the CPU and have no batch axis."""

    def __init__(self, text_encoder: Qwen3Model, package: DitPackageEncoder, silence: torch.Tensor) -> None:
        self._text_encoder = text_encoder
        self._package = package
        self._silence = silence
        self._like = package.null_condition_emb

    def modules(self) -> list[nn.Module]:
        """The networks."""
        return [self._text_encoder, self._package]

    @torch.inference_mode()
    def encode(self, caption_ids: list[int], lyric_ids: list[int], references: list[torch.Tensor]) -> torch.Tensor:
        """The condition [tokens, width] of token ids and references [frames, channels]; no reference means silence.

        The text encoder sees the caption without a mask; of the lyrics it only looks up the embeddings.
        """
        device = self._like.device
        caption, lyrics = (torch.tensor([ids], device=device) for ids in (caption_ids, lyric_ids))
        states = self._text_encoder(input_ids=caption, use_cache=False).last_hidden_state[0]
        embeddings = self._text_encoder.get_input_embeddings()(lyrics)[0]
        given = references or [self._silence[: self._package.config.reference_frames]]
        condition = self._package.encoder(
            states.to(self._like.dtype),
            embeddings.to(self._like.dtype),
            [reference.to(self._like) for reference in given],
        )
        return _plain(condition)

    def null_condition(self) -> torch.Tensor:
        """The condition of the unguided branch [1, width]."""
        return _plain(self._package.null_condition_emb[0])

    @torch.inference_mode()
    def tokenize(self, latents: torch.Tensor) -> list[int]:
        """Codes of latents [frames, channels]."""
        codes: list[int] = self._package.tokenizer(latents[None].to(self._like), self._silence)[0].tolist()
        return codes

    @torch.inference_mode()
    def detokenize(self, codes: list[int]) -> torch.Tensor:
        """Hint latents [5 codes, channels]."""
        ids = torch.tensor([codes], device=self._like.device)
        quantized = self._package.tokenizer.quantizer.decode(ids)
        return _plain(self._package.detokenizer(quantized)[0])


def _plain(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach().float().cpu()
