"""Windows of many items in turn: each step takes windows of the items whose turn it is."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import torch

from services.runtime.batching import Member
from services.runtime.items import Ticket
from services.runtime.noise import Purpose, gaussian
from services.runtime.turns import Turns
from services.vae.codec import WindowedCodec
from services.vae.model import Posterior
from services.vae.windows import Window

# Runs of PCM that may wait for their caller: one on its way, one to follow it at once.
UNREAD_RUNS = 2


@dataclass(frozen=True)
class DecodeItem:
    """Latents [frames, latent channels] to decode."""

    latents: torch.Tensor


@dataclass(frozen=True)
class EncodeItem:
    """PCM [samples, audio channels] to encode; the posterior's mean is taken unless it is sampled with a seed."""

    pcm: torch.Tensor
    posterior_seed: int | None = None


@dataclass(frozen=True)
class PcmRun:
    """Samples [samples, audio channels] from the index `first_sample` on."""

    first_sample: int
    pcm: torch.Tensor


class Decoding(Member):
    """An item whose PCM leaves run by run. It rests while its caller is behind, so that little waits in memory."""

    def __init__(self, item: DecodeItem, ticket: Ticket, windows: tuple[Window, ...]) -> None:
        super().__init__(ticket)
        self.source = item.latents
        self.windows = deque(windows)
        self._samples = 0

    @property
    def ready(self) -> bool:
        """Whether its next window may be computed."""
        return bool(self.windows) and self.ticket.unread < UNREAD_RUNS

    def take(self, pcm: torch.Tensor) -> None:
        """The PCM of the next window."""
        self.windows.popleft()
        self.ticket.step_done()
        self.ticket.emit(PcmRun(self._samples, pcm))
        self._samples += len(pcm)
        if not self.windows:
            self.finish(self._samples)


class Encoding(Member):
    """An item whose latents are given when all are there."""

    def __init__(self, item: EncodeItem, ticket: Ticket, windows: tuple[Window, ...]) -> None:
        super().__init__(ticket)
        self.source = item.pcm
        self.windows = deque(windows)
        self._seed = item.posterior_seed
        self._parts: list[Posterior] = []

    @property
    def ready(self) -> bool:
        """Whether its next window may be computed."""
        return bool(self.windows)

    def take(self, posterior: Posterior) -> None:
        """The posterior of the next window."""
        self.windows.popleft()
        self.ticket.step_done()
        self._parts.append(posterior)
        if not self.windows:
            self.finish(self._latents())

    def _latents(self) -> torch.Tensor:
        mean = torch.cat([part.mean for part in self._parts])
        if self._seed is None:
            return mean
        noise = gaussian(self._seed, Purpose.POSTERIOR, tuple(mean.shape))
        return mean + torch.cat([part.std for part in self._parts]) * noise


class VaeStepper:
    """Holds the codec and up to `max_items` items; a step takes a window each of up to `windows_per_step` of them."""

    def __init__(self, codec: WindowedCodec, *, windows_per_step: int, max_items: int) -> None:
        self._codec = codec
        self._max_items = max_items
        self._turns: Turns[Decoding | Encoding] = Turns(windows_per_step, slack=windows_per_step)

    def join(self, work: DecodeItem | EncodeItem, ticket: Ticket) -> Decoding | Encoding | None:
        """Takes an item in where there is room."""
        if len(self._turns) == self._max_items:
            return None
        member: Decoding | Encoding
        if isinstance(work, DecodeItem):
            member = Decoding(work, ticket, self._codec.windows(len(work.latents)))
        else:
            member = Encoding(work, ticket, self._codec.windows(len(work.pcm) // self._codec.config.hop))
        self._turns.enter(member, 1)
        return member

    def leave(self, member: Member) -> None:
        """Forgets an item."""
        self._turns.leave(member)

    def ready(self) -> bool:
        """Whether any item may go on."""
        return any(member.ready for member in self._turns)

    def step(self) -> None:
        """The next windows; those of one kind and length together."""
        members = self._turns.next(lambda member: member.ready)
        decoding: dict[int, list[Decoding]] = {}
        encoding: dict[int, list[Encoding]] = {}
        for member in members:
            member.shared_with(len(members))
            length = member.windows[0].stop - member.windows[0].start
            if isinstance(member, Decoding):
                decoding.setdefault(length, []).append(member)
            else:
                encoding.setdefault(length, []).append(member)
        for decoded in decoding.values():
            runs = self._codec.decode_windows([(item.source, item.windows[0]) for item in decoded])
            for item, pcm in zip(decoded, runs, strict=True):
                item.take(pcm)
        for encoded in encoding.values():
            parts = self._codec.encode_windows([(item.source, item.windows[0]) for item in encoded])
            for part, posterior in zip(encoded, parts, strict=True):
                part.take(posterior)
