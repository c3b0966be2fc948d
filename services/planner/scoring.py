"""How well a song's words fit its audio codes (spec/planner.md §6.1), by prefill alone.

Metadata is rated by the ranks of its tokens, caption and lyrics by pointwise mutual information: what the codes add to
their probability.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from services.planner.grammar import Field
from services.planner.prompts import Ids, Prompts
from services.planner.tasks import ScoreTask, Script, Task, TokenScores, cost
from services.planner.thought import Thought

WEIGHTS = {"caption": 0.5, "lyrics": 0.3, "metadata": 0.2}
_RANKS = 10


@dataclass(frozen=True)
class ScoreWish:
    """What to rate: every part of the thought and the lyrics that is set.

    `skip_tags` leaves out the tokens that any value would have before it, and those of the block.
    """

    codes: tuple[int, ...]
    thought: Thought
    lyrics: str
    scale: float
    skip_tags: bool


def score(prompts: Prompts, wish: ScoreWish) -> Script:
    """Scores from 0 to 1 by the name of the part, with "metadata", the mean of its lines, and "reward" over all."""
    given = prompts.understand(wish.codes)
    alone = prompts.understand(())
    targets = [len(target) for target in _targets(prompts, wish).values()]

    def start(emit: Callable[[Any], None]) -> Generator[Task, Any, dict[str, float]]:
        scores: dict[str, float] = {}
        for name, target in _targets(prompts, wish).items():
            counted = _value(prompts, name, target) if wish.skip_tags else slice(None)
            with_codes: TokenScores = yield ScoreTask(given, target, row=0)
            if name in WEIGHTS:
                without: TokenScores = yield ScoreTask(alone, target, row=1)
                gain = _mean(with_codes.log_probabilities[counted]) - _mean(without.log_probabilities[counted])
                scores[name] = _logistic(gain / wish.scale)
            else:
                scores[name] = _recall(with_codes.ranks[counted])
        return _summed_up(scores)

    fed = len(given) + len(alone) + 2 * sum(targets)
    return Script(2, len(given) + max(targets), cost(prompt=fed, written=0), start, "start it with --rows 2 or more")


def _targets(prompts: Prompts, wish: ScoreWish) -> dict[str, Ids]:
    """Texts to rate, one for each part that is set."""
    thought = wish.thought
    targets = {
        field.value: prompts.scored_thought(Thought(**{field.value: getattr(thought, field.value)}))
        for field in Field
        if getattr(thought, field.value)
    }
    if wish.lyrics.strip():
        targets["lyrics"] = prompts.scored_lyrics(wish.lyrics)
    return targets


def _value(prompts: Prompts, name: str, target: Ids) -> slice:
    """The tokens of a part's value and of its line end: behind its name in the block, or behind the lyrics' header."""
    end = target.index(prompts.tokenizer.think_end)
    if name == "lyrics":
        return slice(end + 1 + _shared(target[end + 1 :], prompts.tokenizer.encode("\n# Lyric\n")), None)
    return slice(1 + _shared(target[1:end], prompts.tokenizer.encode(f"\n{name}:")), end)


def _shared(target: Sequence[int], prefix: Sequence[int]) -> int:
    """How many tokens they begin with alike: of a token that the value merges with its prefix, the value has a part."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(target, prefix, strict=False)))


def _summed_up(scores: dict[str, float]) -> dict[str, float]:
    lines = [value for name, value in scores.items() if name not in WEIGHTS]
    if lines:
        scores["metadata"] = _mean(lines)
    weights = {name: weight for name, weight in WEIGHTS.items() if name in scores}
    scores["reward"] = sum(weight * scores[name] for name, weight in weights.items()) / sum(weights.values())
    return scores


def _recall(ranks: Sequence[int]) -> float:
    return _mean([max(0.0, 1 - (rank - 1) / _RANKS) for rank in ranks])


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(-min(max(x, -700.0), 700.0)))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
