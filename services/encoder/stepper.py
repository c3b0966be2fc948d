"""Prompts, latents and codes of many calls in turn: each step takes those of the calls whose turn it is, packed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from services.encoder.model import EncoderModel, Words
from services.runtime.batching import Member
from services.runtime.items import Ticket
from services.runtime.turns import Turns


@dataclass(frozen=True)
class Latents:
    """Latents [frames, channels] to tokenize."""

    latents: torch.Tensor


@dataclass(frozen=True)
class Codes:
    """Audio codes [codes] to detokenize."""

    codes: torch.Tensor


Work = Words | Latents | Codes


class Encoding(Member):
    """A prompt: done in one step."""

    def __init__(self, words: Words, ticket: Ticket) -> None:
        super().__init__(ticket)
        self.words = words

    def take(self, condition: torch.Tensor) -> None:
        """Its condition."""
        self.ticket.step_done()
        self.finish(condition)


class Windows(Member):
    """Windows, of latents or of codes, that do not see each other: they go through `compute` in pieces."""

    def __init__(
        self, source: torch.Tensor, piece: int, compute: Callable[[torch.Tensor], torch.Tensor], ticket: Ticket
    ) -> None:
        super().__init__(ticket)
        self.compute = compute
        self._pieces = torch.split(source, piece)
        self._done: list[torch.Tensor] = []

    @property
    def next(self) -> torch.Tensor:
        """The next piece."""
        return self._pieces[len(self._done)]

    def take(self, result: torch.Tensor) -> None:
        """What became of it."""
        self._done.append(result)
        self.ticket.step_done()
        if len(self._done) == len(self._pieces):
            self.finish(torch.cat(self._done))


class EncoderStepper:
    """Holds the networks and up to `max_items` items; a step takes about `tokens_per_step` tokens, or one prompt.

    In `deterministic` mode a step is of one item, so that not even low bits depend on others.
    """

    def __init__(
        self, model: EncoderModel, *, tokens_per_step: int, max_items: int, deterministic: bool = False
    ) -> None:
        self._model = model
        self._tokens_per_step = tokens_per_step
        self._max_items = max_items
        self._turns: Turns[Encoding | Windows] = Turns(tokens_per_step, slack=tokens_per_step, alone=deterministic)

    def join(self, work: Work, ticket: Ticket) -> Encoding | Windows | None:
        """Takes an item in where there is room."""
        if len(self._turns) == self._max_items:
            return None
        member: Encoding | Windows
        if isinstance(work, Words):
            member, tokens = Encoding(work, ticket), work.tokens
        else:
            member, tokens = self._windows(work, ticket)
        self._turns.enter(member, tokens)
        return member

    def leave(self, member: Member) -> None:
        """Forgets an item."""
        self._turns.leave(member)

    def ready(self) -> bool:
        """Whether anybody is there."""
        return bool(self._turns)

    def step(self) -> None:
        """What the items of this turn ask for, those of one kind together."""
        members = self._turns.next()
        prompts: list[Encoding] = []
        windows: dict[Callable[[torch.Tensor], torch.Tensor], list[Windows]] = {}
        for member in members:
            member.shared_with(len(members))
            if isinstance(member, Encoding):
                prompts.append(member)
            else:
                windows.setdefault(member.compute, []).append(member)
        if prompts:
            conditions = self._model.encode([prompt.words for prompt in prompts])
            for prompt, condition in zip(prompts, conditions, strict=True):
                prompt.take(condition)
        for compute, group in windows.items():
            pieces = [item.next for item in group]
            results = torch.split(compute(torch.cat(pieces)), [len(piece) for piece in pieces])
            for item, result in zip(group, results, strict=True):
                item.take(result)

    def _windows(self, work: Latents | Codes, ticket: Ticket) -> tuple[Windows, int]:
        tokens = self._model.tokens_per_window
        source = self._model.windows(work.latents) if isinstance(work, Latents) else work.codes
        compute = self._model.tokenize if isinstance(work, Latents) else self._model.detokenize
        piece = min(max(self._tokens_per_step // tokens, 1), len(source))
        return Windows(source, piece, compute, ticket), piece * tokens
