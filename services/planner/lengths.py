"""How long a song may be: what its caller can use, and what the planner chooses from (spec/planner.md §1.3)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from services.planner.codes import CODES_PER_SECOND
from services.planner.thought import MIN_SECONDS


@dataclass(frozen=True)
class Lengths:
    """The shortest and the longest song, in seconds, that its caller can use. By default those that have a code."""

    shortest: float = 1 / CODES_PER_SECOND
    longest: float = math.inf

    def choices(self, max_seconds: int) -> range:
        """Whole seconds for the planner to choose from, up to `max_seconds`; empty where none fits.

        They begin where those of the models do; the longest one stays where all are shorter.
        """
        most = int(min(self.longest, max_seconds))
        return range(max(math.ceil(self.shortest), min(MIN_SECONDS, most)), most + 1)
