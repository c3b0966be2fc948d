"""The networks of the encoder and DiT stages as one, with gradients: what is trained is what is served."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from services.dit.config import DitConfig
from services.dit.model import Branch, DiffusionTransformer
from services.encoder.config import EncoderConfig
from services.encoder.fsq import digits_of, level_values, soft_clamp
from services.encoder.model import DitPackageEncoder
from services.encoder.text import TextEncoder
from services.runtime.qwen3 import Qwen3Config
from training.dit.places import PLACES
from training.dit.questions import ANSWERS


@dataclass(frozen=True)
class Item:
    """One velocity to predict. Latents are [frames, channels], `context` [frames, 2 channels].

    `caption` and `lyrics` are token ids. An item that is not `conditioned` sees the null condition.
    """

    noisy: torch.Tensor
    context: torch.Tensor
    t: float
    caption: Sequence[int]
    lyrics: Sequence[int]
    reference: torch.Tensor
    conditioned: bool = True


@dataclass(frozen=True)
class Predicted:
    """Velocities [frames, channels], and what the transformer knows on the way: early, logits of the answers that the
    words give [items, answers]; late, places in bar and beat [tokens, 6]. All in float32."""

    velocities: Sequence[torch.Tensor]
    answers: torch.Tensor
    places: Sequence[torch.Tensor]


class SongModel(nn.Module):
    """Text encoder, the encoder side of a DiT package, and the diffusion transformer."""

    def __init__(self, package: dict[str, Any], text: dict[str, Any]) -> None:
        super().__init__()
        self.text_encoder = TextEncoder(Qwen3Config.from_json(text))
        self.package = DitPackageEncoder(EncoderConfig.from_json(package))
        self.decoder = DiffusionTransformer(DitConfig.from_json(package))
        self.answers = nn.Linear(self.decoder.config.hidden_size, ANSWERS)
        self.places = nn.Linear(self.decoder.config.hidden_size, PLACES)

    def forward(self, items: Sequence[Item], conditions: Sequence[torch.Tensor]) -> Predicted:
        """Under the conditions of the words, or under the null one."""
        null = self.package.null_condition_emb[0]
        branches = []
        for item, condition in zip(items, conditions, strict=True):
            seen = condition if item.conditioned else null.expand_as(condition)
            branches.append(Branch(item.noisy, item.context, self.decoder.cache_condition(seen), item.t))
        layers = self.decoder.config.num_hidden_layers
        with self._states_after(layers // 4) as early, self._states_after(3 * layers // 4) as late:
            velocities = self.decoder(branches)
        lengths = [self.decoder.tokens(len(item.noisy)) for item in items]
        told = torch.stack([states.mean(dim=0) for states in torch.split(early[0], lengths)])
        places = self.places(late[0]).float()
        return Predicted(velocities, self.answers(told).float(), torch.split(places, lengths))

    @contextmanager
    def _states_after(self, layers: int) -> Iterator[list[torch.Tensor]]:
        """A list that gets the states [tokens, width] after so many layers of the transformer, one at least."""
        seen: list[torch.Tensor] = []
        layer = list(self.decoder.layers)[max(layers, 1) - 1]
        hook = layer.register_forward_hook(lambda _, __, states: seen.append(states))
        try:
            yield seen
        finally:
            hook.remove()

    def conditions(self, items: Sequence[Item]) -> list[torch.Tensor]:
        """Conditions [tokens, width] of the words."""
        texts = self.text_encoder([item.caption for item in items])
        lyrics = [self.text_encoder.embed(item.lyrics) for item in items]
        conditions: list[torch.Tensor] = self.package.encoder(texts, lyrics, self._timbres(items))
        return conditions

    def _timbres(self, items: Sequence[Item]) -> list[torch.Tensor]:
        """Timbre vectors [1, width] of the references, each of which is read once: most are the same silence."""
        references = {id(item.reference): item.reference.to(self.package.null_condition_emb) for item in items}
        vectors = torch.split(self.package.encoder.timbre_encoder(list(references.values())), 1)
        by_reference = dict(zip(references, vectors, strict=True))
        return [by_reference[id(item.reference)] for item in items]

    def hints(self, windows: torch.Tensor) -> torch.Tensor:
        """What audio codes keep of windows of latents [windows, frames, channels], same shape.

        Rounding passes gradients straight through (Bengio et al. 2013).
        """
        tokenizer = self.package.tokenizer
        windows = windows.to(self.package.null_condition_emb)
        embedded = tokenizer.audio_acoustic_proj(windows.flatten(0, 1)).view(*windows.shape[:2], -1)
        quantizer = tokenizer.quantizer
        bounded = soft_clamp(quantizer.project_in(tokenizer.attention_pooler(embedded)).float(), quantizer.levels)
        rounded = level_values(digits_of(bounded, quantizer.levels), quantizer.levels)
        values = bounded + (rounded - bounded).detach()
        hints: torch.Tensor = self.package.detokenizer(quantizer.project_out(values.to(embedded.dtype)))
        return hints.float()
