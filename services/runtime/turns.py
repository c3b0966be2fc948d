"""Who takes part in the next step: fair shares of the network by tokens, so that short items do not wait for long ones.

Start-time fair queueing (Goyal, Vin and Cheng, 1996) over steps. Every item has a clock that advances by its tokens
with each of its steps. The item whose clock would stand lowest after its step goes first; a newcomer's clock starts
where that of the last one stood. So an item that takes few tokens in all is through before one of many gets its second
turn, and one of many gets its turn however many others come.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


@dataclass
class _Share:
    tokens: int
    clock: int


class Turns(Generic[K]):
    """Picks items for steps of at most `tokens_per_step` tokens, or of one item.

    Items share a step where their clocks would stand within `slack` tokens of the first one's: what is about as far
    goes together, what is far ahead waits. With `alone` a step is always of one item.
    """

    def __init__(self, tokens_per_step: int, slack: int, *, alone: bool = False) -> None:
        self._tokens_per_step = tokens_per_step
        self._slack = slack
        self._alone = alone
        self._shares: dict[K, _Share] = {}
        self._now = 0

    def __len__(self) -> int:
        return len(self._shares)

    def __iter__(self) -> Iterator[K]:
        return iter(self._shares)

    def enter(self, item: K, tokens: int) -> None:
        """A new item of so many tokens a step."""
        self._shares[item] = _Share(tokens, self._now)

    def leave(self, item: Hashable) -> None:
        """An item that is done, or gives up. Raises KeyError where it never entered."""
        del self._shares[item]  # type: ignore[arg-type]  # what is no item is no key

    def next(self, ready: Callable[[K], bool] = lambda item: True) -> list[K]:
        """The items of the next step, whose clocks advance; turns of those that are not ready are lost to them."""
        for item, share in self._shares.items():
            if not ready(item):
                share.clock = max(share.clock, self._now)
        able = ((item, share) for item, share in self._shares.items() if ready(item))
        order = sorted(able, key=lambda pair: pair[1].clock + pair[1].tokens)
        if not order:
            return []
        first = order[0][1]
        self._now = max(self._now, first.clock)
        latest = first.clock + first.tokens + self._slack
        picked, room = [], self._tokens_per_step
        for item, share in order:
            is_first = share is first
            if not is_first and (self._alone or share.tokens > room or share.clock + share.tokens > latest):
                continue
            picked.append(item)
            room -= share.tokens
        for item in picked:
            self._shares[item].clock += self._shares[item].tokens
        return picked
