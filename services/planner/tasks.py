"""What a script may ask of the engine: text under a grammar, audio codes, or the probability of a text."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

from services.planner.grammar import Grammar
from services.planner.prompts import Ids
from services.planner.sampling import TokenSampling

# A token of a prompt beside one that is written: prompts go through the network by the hundred.
_PROMPT_COST = 1 / 20


def cost(*, prompt: int, written: int) -> float:
    """Work in tokens that are written."""
    return prompt * _PROMPT_COST + written


@dataclass(frozen=True)
class TextTask:
    """Writes text behind a prompt; its result is a `Written`. `attempt` numbers tries that are to differ."""

    prompt: Ids
    grammar: Grammar
    sampling: TokenSampling
    max_lyric_tokens: int = 0
    attempt: int = 0
    on_text: Callable[[str], None] | None = None

    @property
    def tokens(self) -> int:
        """Prompt and longest answer."""
        return len(self.prompt) + self.grammar.most_tokens + self.max_lyric_tokens


@dataclass(frozen=True)
class CodesTask:
    """Writes exactly `count` audio codes behind a prompt, led away from what the unconditional prompt would give.

    Its result is the list of codes.
    """

    prompt: Ids
    unconditional: Ids | None
    guidance_scale: float
    count: int
    sampling: TokenSampling
    on_codes: Callable[[int], None] | None = None

    @property
    def tokens(self) -> int:
        """The longer prompt and the codes, the last of which is not fed."""
        return max(len(self.prompt), len(self.unconditional or ())) + self.count - 1


@dataclass(frozen=True)
class ScoreTask:
    """Rates given tokens behind a prompt; its result is a `TokenScores`. `row` is the one of the script's to use."""

    prompt: Ids
    target: Ids
    row: int = 0

    @property
    def tokens(self) -> int:
        """Prompt and target."""
        return len(self.prompt) + len(self.target)


@dataclass(frozen=True)
class TokenScores:
    """Natural logarithm of each target token's probability, and its rank among all tokens, 1 being the likeliest."""

    log_probabilities: tuple[float, ...]
    ranks: tuple[int, ...]


Task = TextTask | CodesTask | ScoreTask


@dataclass(frozen=True)
class Script:
    """A mode of the planner: a generator that yields tasks, gets their results and returns what the caller wants.

    It runs on the compute thread, between steps. `rows` is the most that any of its tasks needs, `tokens` the longest
    that any of them can become, `cost` the work that is expected, in tokens that are written. `with_fewer_rows` tells
    the caller what to do where a replica has too few.
    """

    rows: int
    tokens: int
    cost: float
    start: Callable[[Callable[[Any], None]], Generator[Task, Any, Any]]
    with_fewer_rows: str = ""
