"""The networks of the encoder and DiT stages as one, with gradients: what is trained is what is served."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import torch
from torch import nn

from services.dit.config import DitConfig
from services.dit.model import DiffusionTransformer
from services.encoder.config import EncoderConfig
from services.encoder.model import DitPackageEncoder
from services.encoder.text import TextEncoder
from services.runtime.qwen3 import Qwen3Config
from training.codes.network import kept_by_codes
from training.dit.dense import Dense
from training.dit.places import PLACES
from training.dit.questions import ANSWERS
from training.words.reading import read_together


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
    """Velocities [items, frames, channels], and what the transformer knows on the way: early, logits of the answers
    that the words give [items, answers]; late, places in bar and beat [items, tokens, 6]. All in float32."""

    velocities: torch.Tensor
    answers: torch.Tensor
    places: torch.Tensor


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
        """Under the conditions of the words, or under the null one. Items are of one length."""
        null = self.package.null_condition_emb[0]
        seen = [
            condition if item.conditioned else null.expand_as(condition)
            for item, condition in zip(items, conditions, strict=True)
        ]
        noisy, context = [item.noisy for item in items], [item.context for item in items]
        *states, velocities = Dense(self.decoder).states(noisy, context, [item.t for item in items], seen)
        early, late = (states[max(len(states) * quarters // 4, 1) - 1] for quarters in (1, 3))
        return Predicted(velocities, self.answers(early.mean(dim=1)).float(), self.places(late).float())

    def conditions(self, items: Sequence[Item]) -> list[torch.Tensor]:
        """Conditions [tokens, width] of the words."""
        texts = read_together(self.text_encoder, [item.caption for item in items])
        # Neighbours of one length share their products.
        order = sorted(range(len(items)), key=lambda number: len(items[number].lyrics))
        lyrics = [self.text_encoder.embed(items[number].lyrics) for number in order]
        timbres = self._timbres(items)
        found = self.package.encoder([texts[number] for number in order], lyrics, [timbres[number] for number in order])
        return [condition for _, condition in sorted(zip(order, found, strict=True), key=itemgetter(0))]

    def _timbres(self, items: Sequence[Item]) -> list[torch.Tensor]:
        """Timbre vectors [1, width] of the references, each of which is read once: most are the same silence."""
        references = {id(item.reference): item.reference.to(self.package.null_condition_emb) for item in items}
        vectors = torch.split(self.package.encoder.timbre_encoder(list(references.values())), 1)
        by_reference = dict(zip(references, vectors, strict=True))
        return [by_reference[id(item.reference)] for item in items]

    def hints(self, windows: torch.Tensor) -> torch.Tensor:
        """What audio codes keep of windows of latents [windows, frames, channels], same shape."""
        return kept_by_codes(self.package.tokenizer, self.package.detokenizer, windows)

    def hints_of(self, codes: Sequence[int]) -> torch.Tensor:
        """Hint latents [frames, channels] of audio codes, in float32."""
        indices = torch.tensor(codes, device=self.package.null_condition_emb.device)
        return self.package.detokenize(indices).flatten(0, 1).float()
