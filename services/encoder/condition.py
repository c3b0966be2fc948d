"""The condition encoder: lyrics, timbre and text as tokens of one sequence (spec/model.md §2.3 to §2.6)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from services.encoder.config import EncoderConfig
from services.encoder.layer import Encoder
from services.layers.linear import Linear


class LyricEncoder(Encoder):
    """Embedded lyrics to states."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__(config, config.text_width, config.lyric_layers)

    def forward(self, lyrics: Sequence[torch.Tensor]) -> tuple[torch.Tensor, ...]:
        """States [tokens, width] for each of [tokens, text width]."""
        lengths = [len(embeddings) for embeddings in lyrics]
        states = self.run_layers(self.embed_tokens(torch.cat(list(lyrics))), lengths)
        return torch.split(states, lengths)


class TimbreEncoder(Encoder):
    """Reference latents to one vector each.

    The vector is the state of the first frame or, in XL models, of a learned token before it. The other models carry
    that token as an unused weight.
    """

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__(config, config.latent_channels, config.timbre_layers)
        self.special_token = nn.Parameter(torch.zeros(1, 1, config.width))

    def forward(self, references: Sequence[torch.Tensor]) -> torch.Tensor:
        """One vector [references, width] for each of [frames, channels]."""
        lengths = [len(reference) for reference in references]
        embedded = self.embed_tokens(torch.cat(list(references)))
        if self.config.is_xl:
            parts = torch.split(embedded, lengths)
            embedded = torch.cat([piece for part in parts for piece in (self.special_token[0], part)])
            lengths = [length + 1 for length in lengths]
        states = self.run_layers(embedded, lengths)
        return torch.stack([part[0] for part in torch.split(states, lengths)])


class ConditionEncoder(nn.Module):
    """Packs what the sampler attends to."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.text_projector = Linear(config.text_width, config.width)
        self.lyric_encoder = LyricEncoder(config)
        self.timbre_encoder = TimbreEncoder(config)

    def forward(
        self, texts: Sequence[torch.Tensor], lyrics: Sequence[torch.Tensor], timbres: Sequence[torch.Tensor]
    ) -> list[torch.Tensor]:
        """The condition [tokens, width] of each item: lyrics, one token for each reference, text.

        Takes text states [tokens, text width], lyric embeddings [tokens, text width] and vectors of `timbre_encoder`
        [references, width]. Items are packed, so that there are no padded tokens, which the official app lets the DiT
        attend to.
        """
        projected = torch.split(self.text_projector(torch.cat(list(texts))), [len(text) for text in texts])
        parts = zip(self.lyric_encoder(lyrics), timbres, projected, strict=True)
        return [torch.cat(item) for item in parts]
