"""All networks of the stage: text encoder, condition encoder, audio tokenizer and detokenizer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from services.encoder.audio_codes import AudioDetokenizer, AudioTokenizer
from services.encoder.condition import ConditionEncoder
from services.encoder.config import EncoderConfig
from services.encoder.text import TextEncoder


class DitPackageEncoder(nn.Module):
    """What a DiT package holds beside the transformer itself; parameter names are the original keys."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = ConditionEncoder(config)
        self.tokenizer = AudioTokenizer(config)
        self.detokenizer = AudioDetokenizer(config)
        self.null_condition_emb = nn.Parameter(torch.zeros(1, 1, config.width))

    def detokenize(self, codes: torch.Tensor) -> torch.Tensor:
        """Hint latents [codes, 5, channels] of codes [codes]."""
        hints: torch.Tensor = self.detokenizer(self.tokenizer.quantizer.decode(codes))
        return hints


@dataclass(frozen=True)
class Words:
    """Token ids of a caption and of lyrics, and reference latents [frames, channels]; none means silence."""

    caption: Sequence[int]
    lyrics: Sequence[int]
    references: tuple[torch.Tensor, ...] = ()

    @property
    def tokens(self) -> int:
        """Tokens and frames that the networks read."""
        return len(self.caption) + len(self.lyrics) + sum(len(reference) for reference in self.references)


class EncoderModel:
    """The networks at work, without gradients. Tensors in and out are on the CPU and have no batch axis.

    Conditions leave in the type that they were computed in, latents in float32.
    """

    def __init__(self, text_encoder: TextEncoder, package: DitPackageEncoder, silence: torch.Tensor) -> None:
        self.text_encoder = text_encoder
        self.package = package
        self._silence = silence
        self._like = package.null_condition_emb
        self._silent_timbre: torch.Tensor | None = None
        self.null_condition = package.null_condition_emb[0].detach().cpu()

    def modules(self) -> list[nn.Module]:
        """The networks."""
        return [self.text_encoder, self.package]

    @property
    def tokens_per_window(self) -> int:
        """Tokens that the networks of audio codes read for each code."""
        return self.package.config.pool_window + 1

    @torch.inference_mode()
    def encode(self, items: Sequence[Words]) -> list[torch.Tensor]:
        """Conditions [tokens, width]. Of the lyrics the text encoder only looks up the embeddings."""
        texts = self.text_encoder([item.caption for item in items])
        lyrics = [self.text_encoder.embed(item.lyrics) for item in items]
        conditions = self.package.encoder(texts, lyrics, self._timbres(items))
        return [condition.cpu() for condition in conditions]

    @torch.inference_mode()
    def tokenize(self, windows: torch.Tensor) -> torch.Tensor:
        """Codes [windows] of windows of latents [windows, frames, channels]."""
        codes: torch.Tensor = self.package.tokenizer(windows.to(self._like))
        return codes.cpu()

    def windows(self, latents: torch.Tensor) -> torch.Tensor:
        """Latents [frames, channels] as windows of one code each, the last one filled up with silence."""
        window = self.package.config.pool_window
        filling = self._silence[: -len(latents) % window]
        return torch.cat((latents, filling)).view(-1, window, latents.shape[1])

    @torch.inference_mode()
    def detokenize(self, codes: torch.Tensor) -> torch.Tensor:
        """Hint latents [codes, 5, channels] of codes [codes]."""
        return self.package.detokenize(codes.to(self._like.device)).float().cpu()

    def _timbres(self, items: Sequence[Words]) -> list[torch.Tensor]:
        """Timbre vectors [references, width] of each item. That of silence is the same for all: computed once."""
        references = [reference for item in items for reference in item.references]
        vectors = self._timbre_vectors(references) if references else self._like.new_empty(0)
        given = iter(torch.split(vectors, [len(item.references) for item in items if item.references]))
        return [next(given) if item.references else self._silence_vector() for item in items]

    def _silence_vector(self) -> torch.Tensor:
        if self._silent_timbre is None:
            self._silent_timbre = self._timbre_vectors([self._silence[: self.package.config.reference_frames]])
        return self._silent_timbre

    def _timbre_vectors(self, references: Sequence[torch.Tensor]) -> torch.Tensor:
        vectors: torch.Tensor = self.package.encoder.timbre_encoder([ref.to(self._like) for ref in references])
        return vectors
