"""Scores are those of teacher forcing with transformers, written out."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer
from transformers import Qwen3ForCausalLM

from services.planner.checkpoint import LoadedPlanner
from services.planner.prompts import Prompts
from services.planner.scoring import ScoreWish, score
from services.planner.thought import Thought
from tests.services.planner.conftest import PLANNER, planner_queue, results

THOUGHT = Thought(bpm=92, caption="warm rain on a roof", genres="lo-fi, ambient", keyscale="C major")
LYRICS = "[Verse]\nla la la\n" * 20
CODES = tuple(range(0, 6000, 97))
# What is rated: before the value, the value with its line end, behind it (spec/planner.md §6.1).
PARTS = {
    "bpm": ("<think>\nbpm:", " 92\n", "</think>\n"),
    "genres": ("<think>\ngenres:", " lo-fi, ambient\n", "</think>\n"),
    "keyscale": ("<think>\nkeyscale:", " C major\n", "</think>\n"),
    "caption": ("<think>\ncaption:", " warm rain on a roof\n", "</think>\n"),
    "lyrics": ("<think>\n</think>\n# Lyric\n", LYRICS + "\n", ""),
}


def log_probabilities(
    model: Any, prompt: tuple[int, ...], target: tuple[int, ...]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Of each target token, and its rank, from one forward pass."""
    with torch.inference_mode():
        logits = model(torch.tensor([[*prompt, *target]])).logits[0, len(prompt) - 1 : -1].double()
    ids = torch.tensor(target)
    wanted = logits.gather(1, ids[:, None])
    return logits.log_softmax(-1).gather(1, ids[:, None])[:, 0], (logits > wanted).sum(-1) + 1


def target_and_value(tokenizer: Tokenizer, part: str) -> tuple[tuple[int, ...], torch.Tensor]:
    """Ids of the whole text, and which of them hold a character of the value."""
    before, value, behind = PARTS[part]
    encoded = tokenizer.encode(before + value + behind, add_special_tokens=False)
    start, end = len(before), len(before) + len(value)
    return tuple(encoded.ids), torch.tensor([first < end and last > start for first, last in encoded.offsets])


@pytest.mark.parametrize("skip_tags", [False, True])
async def test_scores(loaded: LoadedPlanner, prompts: Prompts, tiny_models: Path, skip_tags: bool) -> None:
    model: Any = Qwen3ForCausalLM.from_pretrained(tiny_models / PLANNER, dtype=torch.float32)
    tokenizer = Tokenizer.from_file(str(tiny_models / PLANNER / "tokenizer.json"))
    wish = ScoreWish(CODES, THOUGHT, LYRICS, scale=0.2, skip_tags=skip_tags)
    async with planner_queue(loaded, rows=2) as queue:
        (found,) = await results(queue, [score(prompts, wish)])

    given, alone = prompts.understand(CODES), prompts.understand(())

    def rated(part: str, prompt: tuple[int, ...]) -> tuple[torch.Tensor, torch.Tensor]:
        target, value = target_and_value(tokenizer, part)
        assert not value.all()
        counted = value if skip_tags else torch.ones_like(value)
        log_probability, rank = log_probabilities(model, prompt, target)
        return log_probability[counted], rank[counted].double()

    wanted = {
        part: float((1 - (rated(part, given)[1] - 1) / 10).clamp(min=0).mean())
        for part in ("bpm", "genres", "keyscale")
    }
    wanted["metadata"] = sum(wanted.values()) / 3
    for part in ("caption", "lyrics"):
        gain = float(rated(part, given)[0].mean() - rated(part, alone)[0].mean())
        wanted[part] = 1 / (1 + math.exp(-gain / 0.2))
    wanted["reward"] = 0.5 * wanted["caption"] + 0.3 * wanted["lyrics"] + 0.2 * wanted["metadata"]
    assert found == pytest.approx(wanted, abs=1e-4)


async def test_only_what_is_set_is_scored(loaded: LoadedPlanner, prompts: Prompts) -> None:
    wish = ScoreWish(CODES, Thought(caption="rain"), "", scale=0.1, skip_tags=False)
    async with planner_queue(loaded, rows=2) as queue:
        (found,) = await results(queue, [score(prompts, wish)])
    assert set(found) == {"caption", "reward"}
    assert found["caption"] == found["reward"]
