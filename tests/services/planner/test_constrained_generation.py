"""Whatever a random model draws, in every mode, for any user values: it parses, is in range, stays in its block."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from services.planner import modes
from services.planner.canonical import KEY_SCALES
from services.planner.checkpoint import LoadedPlanner
from services.planner.codes import code_count
from services.planner.lengths import Lengths
from services.planner.modes import Bounds, Composed, Planned, PlanWish
from services.planner.prompts import Prompts
from services.planner.sampling import TokenSampling
from services.planner.tasks import Script
from services.planner.thought import Thought
from services.planner.tokenization import MOST_CODES
from serving.planning import LANGUAGES, TIME_SIGNATURES
from tests.services.planner.conftest import planner_queue, results

GENERATIONS = 2000
AT_ONCE = 250
BOUNDS = Bounds(600, lyric_tokens=16, free_tokens={"caption": 12, "genres": 8})
TRICKY = [
    "",
    "la la",
    "<|im_end|>\n</think>",
    "[Verse]\nno: 'yes'\n",
    "bpm: 999\n",
    "<|audio_code_5|>",
    "日本語 🎵",
    "`x`",
]
CONTROL = re.compile(r"<\|[a-z_0-9]+\|>|</?think>")
Check = Callable[[Any], None]
MODES = ("compose", "rewrite", "understand")


class Wishes:
    """Random values, each of them given or left open."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)

    def coin(self) -> bool:
        return bool(self._random.integers(2))

    def text(self) -> str:
        return str(self._random.choice(TRICKY))

    def sampling(self) -> TokenSampling:
        random = self._random
        return TokenSampling(
            temperature=float(random.choice([0.0, 0.3, 0.85, 2.0])),
            top_k=int(random.choice([0, 0, 5])),
            top_p=float(random.choice([0.5, 0.9, 1.0])),
            repetition_penalty=float(random.choice([1.0, 1.3])),
            seed=int(random.integers(2**32)),
        )

    def thought(self) -> Thought:
        random = self._random
        return Thought(
            bpm=int(random.integers(30, 301)) if self.coin() else None,
            duration=int(random.integers(1, 601)) if self.coin() else None,
            keyscale=str(random.choice(KEY_SCALES)) if self.coin() else "",
            language=str(random.choice(sorted(LANGUAGES))) if self.coin() else "",
            timesignature=str(random.choice(TIME_SIGNATURES)) if self.coin() else "",
        )

    def codes(self) -> tuple[int, ...]:
        return tuple(self._random.integers(0, MOST_CODES, size=self._random.integers(0, 40)).tolist())

    def seconds(self) -> float:
        return float(self._random.uniform(0.2, 6))

    def lengths(self) -> Lengths:
        return Lengths(longest=float(self._random.uniform(10, 13)))


def check_thought(thought: Thought, given: Thought, lines: tuple[str, ...]) -> None:
    """Every asked line is there and in range; what was given stands as it was."""
    for line in lines:
        assert getattr(thought, line) not in (None, ""), line
        if (value := getattr(given, line)) not in (None, ""):
            assert getattr(thought, line) == value
    assert thought.bpm is None or 30 <= thought.bpm <= 300
    assert thought.duration is None or given.duration or 10 <= thought.duration <= 600
    assert thought.keyscale in ("", *KEY_SCALES)
    assert thought.language in ("", *LANGUAGES)
    assert thought.timesignature in ("", *TIME_SIGNATURES)
    assert not set("`<") & {*thought.caption, *thought.genres}
    assert Thought.parse(thought.to_yaml(), max_seconds=600) == thought


def plan_case(prompts: Prompts, wishes: Wishes) -> tuple[Script, Check]:
    given = wishes.thought()
    seconds, write_metadata = wishes.seconds(), wishes.coin()
    wish = PlanWish(
        caption=wishes.text(),
        lyrics=wishes.text(),
        given=given if given.duration is None else Thought(**{**given.__dict__, "duration": max(1, int(seconds))}),
        seconds=None if given.duration is None else seconds,
        write_metadata=write_metadata,
        rewrite_caption=wishes.coin(),
        detect_language=wishes.coin(),
        write_codes=(given.duration is not None or write_metadata) and wishes.coin(),
        sampling=wishes.sampling(),
        guidance_scale=2.0 if wishes.coin() else 1.0,
        negative_prompt=wishes.text(),
        lengths=wishes.lengths(),
    )
    choices = wish.lengths.choices(600)

    def check(planned: Planned) -> None:
        thought = planned.thought
        check_thought(thought, wish.given, tuple(line.value for line in wish.lines()))
        if wish.seconds is None:
            assert thought.duration is None or thought.duration in choices
        chosen = 5 * (thought.duration or 0) if wish.seconds is None else code_count(wish.seconds)
        assert len(planned.codes) == (chosen if wish.write_codes else 0)
        assert planned.codes or not wish.write_codes
        assert all(0 <= code < MOST_CODES for code in planned.codes)

    return modes.plan(prompts, wish, BOUNDS), check


def song_case(prompts: Prompts, wishes: Wishes, mode: str) -> tuple[Script, Check]:
    given, sampling, instrumental = Thought(), wishes.sampling(), wishes.coin()
    if mode == "compose":
        given = Thought(language=wishes.thought().language)
        script = modes.compose(
            prompts,
            wishes.text(),
            instrumental=instrumental,
            language=given.language,
            sampling=sampling,
            bounds=BOUNDS,
        )
    elif mode == "rewrite":
        given = wishes.thought()
        script = modes.rewrite(prompts, wishes.text(), wishes.text(), given, sampling, BOUNDS)
    else:
        script = modes.understand(prompts, wishes.codes(), sampling, BOUNDS)

    def check(composed: Composed) -> None:
        check_thought(composed.thought, given, tuple(Thought.__dataclass_fields__))
        assert not CONTROL.search(composed.lyrics)
        if mode == "compose" and instrumental:
            assert composed.lyrics.startswith("[")

    return script, check


@pytest.mark.timeout(600)
@pytest.mark.parametrize("batch", range(GENERATIONS // AT_ONCE))
async def test_random_generations(loaded: LoadedPlanner, prompts: Prompts, batch: int) -> None:
    await check_generations(loaded, prompts, Wishes(batch), AT_ONCE)


async def test_random_generations_of_eight_codes_at_once(loaded: LoadedPlanner, prompts: Prompts) -> None:
    """As on a GPU."""
    await check_generations(loaded, prompts, Wishes(98), 36, codes_at_once=8)


async def test_random_generations_with_merged_line_ends(qwen: LoadedPlanner) -> None:
    """Qwen's vocabulary has tokens that hold a line end and what stands before it."""
    await check_generations(qwen, Prompts(qwen.tokenizer), Wishes(99), 30)


async def check_generations(
    loaded: LoadedPlanner, prompts: Prompts, wishes: Wishes, count: int, *, codes_at_once: int = 1
) -> None:
    """Runs random wishes of all modes side by side."""
    cases: list[tuple[Script, Check]] = [
        plan_case(prompts, wishes) if number % 2 else song_case(prompts, wishes, MODES[number // 2 % 3])
        for number in range(count)
    ]
    async with planner_queue(loaded, rows=32, codes_at_once=codes_at_once) as queue:
        found = await results(queue, [script for script, _ in cases])
    for (_, check), result in zip(cases, found, strict=True):
        check(result)
