"""The condition encoder: lyrics, timbre and text as tokens of one sequence (spec/model.md §2.3 to §2.6)."""

from __future__ import annotations

import torch
from torch import nn

from services.encoder.config import EncoderConfig
from services.encoder.layer import Encoder, with_token


class LyricEncoder(Encoder):
    """Embedded lyrics [batch, tokens, text width] to [batch, tokens, width]."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__(config, config.text_width, config.lyric_layers)

    def forward(self, embeddings: torch.Tensor) -> torch.Tensor:
        """All tokens are real: nothing is padded."""
        return self.run_layers(self.embed_tokens(embeddings))


class TimbreEncoder(Encoder):
    """Reference latents [batch, frames, channels] to one vector [batch, width] each.

    The vector is the state of the first frame or, in XL models, of a learned token before it. The other models carry
    that token as an unused weight.
    """

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__(config, config.latent_channels, config.timbre_layers)
        self.special_token = nn.Parameter(torch.zeros(1, 1, config.width))

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        """One vector for each reference."""
        x = self.embed_tokens(latents)
        if self.config.is_xl:
            x = with_token(self.special_token, x)
        return self.run_layers(x)[:, 0]


class ConditionEncoder(nn.Module):
    """Packs what the sampler attends to."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.text_projector = nn.Linear(config.text_width, config.width, bias=False)
        self.lyric_encoder = LyricEncoder(config)
        self.timbre_encoder = TimbreEncoder(config)

    def forward(
        self, text_states: torch.Tensor, lyric_embeddings: torch.Tensor, references: list[torch.Tensor]
    ) -> torch.Tensor:
        """The condition [tokens, width] of one item: lyrics, one token for each reference, text.

        Takes text states [tokens, text width], lyric embeddings [tokens, text width] and references [frames, channels].
        An item is packed alone, so that there are no padded tokens, which the official app lets the DiT attend to.
        """
        lyrics = self.lyric_encoder(lyric_embeddings[None])[0]
        timbres = [self.timbre_encoder(reference[None]) for reference in references]
        return torch.cat((lyrics, *timbres, self.text_projector(text_states)))
