"""When lyrics are sung: what finished latents, with a little noise mixed in, attend to (spec/planner.md §6.2)."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from quartet.errors import InternalError
from services.dit.model import Branch, DiffusionTransformer
from services.runtime.batching import Member
from services.runtime.items import Ticket


@dataclass(frozen=True)
class Aligned:
    """Attention to lyrics [lyric tokens, moments] in float32; the moments are tokens of the network in time."""

    attention: torch.Tensor


class Aligning(Member):
    """Latents in the batch that are listened to once, in a pass of their own, so that nothing depends on others.

    `moments` are those of the latents: what they were filled up with is not told.
    """

    def __init__(
        self, ticket: Ticket, model: DiffusionTransformer, branch: Branch, lyric_tokens: int, moments: int
    ) -> None:
        super().__init__(ticket)
        self._model = model
        self._branch = branch
        self._lyric_tokens = lyric_tokens
        self._moments = moments

    def shared_with(self, items: int) -> None:
        """Nobody takes part in its pass."""

    def branches(self) -> list[Branch]:
        """None: no velocity is asked for."""
        return []

    def advance(self, velocities: list[torch.Tensor]) -> None:
        """The one pass; there are no velocities."""
        attention = self._model.attention(self._branch, self._lyric_tokens)[:, : self._moments].cpu()
        self.ticket.step_done()
        if torch.isfinite(attention).all():
            self.finish(Aligned(attention))
        else:
            self.fail(InternalError("the attention has values that are NaN or infinite", reason="NON_FINITE_ATTENTION"))
