"""What a grammar forces and what is drawn are together the tokens that the whole block has as a text."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from services.planner.canonical import KEY_SCALES
from services.planner.grammar import Field, Grammar, known_lines
from services.planner.thought import Thought
from services.planner.writing import Writer
from serving.planning import LANGUAGES, TIME_SIGNATURES

BLOCKS = 100


@pytest.mark.parametrize("name", ["loaded", "qwen"])
def test_any_mixture_of_given_and_drawn_values(request: pytest.FixtureRequest, name: str) -> None:
    """Of lines that are there or not: models never saw `bp`, `m` for `bpm`, nor a value apart from its space."""
    tokenizer = request.getfixturevalue(name).tokenizer
    random = np.random.default_rng(3)
    drawn = 0
    with ThreadPoolExecutor(1) as masks:
        for _ in range(BLOCKS):
            values: dict[Field, Any] = {
                Field.BPM: int(random.integers(30, 301)),
                Field.DURATION: int(random.integers(10, 601)),
                Field.KEYSCALE: str(random.choice(KEY_SCALES)),
                Field.LANGUAGE: str(random.choice(sorted(LANGUAGES))),
                Field.TIMESIGNATURE: str(random.choice(TIME_SIGNATURES)),
            }
            last = random.choice(list(values))  # is drawn, so that there is something to draw
            lines = tuple(line for line in values if line == last or random.random() < 0.8)
            kept = [line for line in lines if line != last and random.random() < 0.5]
            given: dict[str, Any] = {line.value: values[line] for line in kept}
            known = known_lines(Thought(**given), lines)
            block = "".join(f"{line}: {known.get(line, values[line])}\n" for line in lines)
            wanted = [tokenizer.think_start, *tokenizer.encode(f"\n{block}")]
            writer = Writer(tokenizer, Grammar(lines, 600, known), 0, masks)
            written = list(writer.forced)
            while writer.finish is None:
                assert written == wanted[: len(written)], block
                written += writer.accept(wanted[len(written)])
                drawn += 1
            assert written == wanted, block
    assert drawn > BLOCKS
