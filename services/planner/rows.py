"""Rows of the cache: who holds them, which tokens they hold, and how much of a prompt is in one of them already."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import takewhile

from services.planner.cache import BLOCK, KeyValueCache


class Row:
    """One row: the tokens whose keys and values it holds, and those that are to be fed next.

    The first `prompt` tokens are fed in whole blocks, the others as they come, where they are not too many at once.
    """

    def __init__(self, index: int) -> None:
        self.index = index
        self.held: list[int] = []
        self.pending: list[int] = []
        self.prompt = 0

    def piece(self, budget: int) -> int:
        """How much to feed before the pass that feeds the rest: of the prompt all that is left, or whole blocks.

        What follows the prompt waits for that pass; of more than the budget, whole blocks go ahead too.
        """
        prompt = self.prompt - len(self.held)
        if 0 < prompt <= budget:
            return prompt
        if prompt <= 0 and len(self.pending) <= budget:
            return 0
        return max(0, (len(self.held) + budget) // BLOCK * BLOCK - len(self.held))

    def take(self, count: int) -> list[int]:
        """The next tokens to feed, which count as held from now on."""
        taken, self.pending = self.pending[:count], self.pending[count:]
        self.held += taken
        return taken


class RowPool:
    """Hands rows out, the longest unused first, so that what was computed last stays findable longest.

    A `compact` pool hands out the first free ones instead, for steps that compute all rows up to the last in use.

    With `share_prefixes` a prompt takes over what any row holds of its beginning, in whole blocks, or all where the
    prompts are equal: those are computed once. What is taken over has the bits that computing it again would give.
    """

    def __init__(self, cache: KeyValueCache, *, share_prefixes: bool, compact: bool = False) -> None:
        self._cache = cache
        self._compact = compact
        self._share_prefixes = share_prefixes
        self._rows = [Row(index) for index in range(cache.rows)]
        self._free = deque(self._rows)

    @property
    def size(self) -> int:
        """All rows."""
        return len(self._rows)

    @property
    def free(self) -> int:
        """Rows that nobody holds."""
        return len(self._free)

    def acquire(self, count: int) -> tuple[Row, ...]:
        """Takes free rows; there must be as many."""
        if self._compact:
            self._free = deque(sorted(self._free, key=lambda row: row.index))
        rows = tuple(self._free.popleft() for _ in range(count))
        if not self._share_prefixes:
            for row in rows:
                row.held = []
        return rows

    def release(self, rows: Sequence[Row]) -> None:
        """Gives rows back. They keep what they hold until they are used again."""
        for row in rows:
            row.pending = []
            self._free.append(row)

    def forget(self, rows: Sequence[Row]) -> None:
        """After a failure nobody knows what the rows of the item hold."""
        for row in rows:
            self._cache.clear(row.index)
            row.held = []

    def forget_all(self) -> None:
        """After a step that failed as a whole."""
        self.forget(self._rows)

    def fit(self, row: Row, tokens: Sequence[int], prompt: int) -> None:
        """Makes a row hold tokens, of which the first `prompt` are a prompt; what no row holds of it is pending."""
        shared, source = self._reusable(row, tokens, prompt), row
        if self._share_prefixes:
            for other in self._rows:
                if (found := self._reusable(other, tokens, prompt)) > shared:
                    shared, source = found, other
        if source is not row:
            self._cache.copy(source.index, row.index, shared)
        row.held = list(tokens[:shared])
        row.pending = list(tokens[shared:])
        row.prompt = prompt

    def _reusable(self, row: Row, tokens: Sequence[int], prompt: int) -> int:
        computed = min(len(row.held), row.prompt)
        common = _common(row.held[:computed], tokens[:prompt])
        return common if common == prompt == row.prompt else common // BLOCK * BLOCK


def _common(first: Sequence[int], second: Sequence[int]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False)))
