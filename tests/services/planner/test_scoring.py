"""Scores are those of teacher forcing with transformers, written out."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import Qwen3ForCausalLM

from services.planner.checkpoint import LoadedPlanner
from services.planner.prompts import Prompts
from services.planner.scoring import ScoreWish, score
from services.planner.thought import Thought
from tests.services.planner.conftest import PLANNER, planner_queue, results

THOUGHT = Thought(bpm=92, caption="warm rain on a roof", keyscale="C major")
LYRICS = "[Verse]\nla la la\n" * 20
CODES = tuple(range(0, 6000, 97))
Ids = tuple[int, ...]


def log_probabilities(
    model: Any, prompt: tuple[int, ...], target: tuple[int, ...]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Of each target token, and its rank, from one forward pass."""
    with torch.inference_mode():
        logits = model(torch.tensor([[*prompt, *target]])).logits[0, len(prompt) - 1 : -1].double()
    ids = torch.tensor(target)
    wanted = logits.gather(1, ids[:, None])
    return logits.log_softmax(-1).gather(1, ids[:, None])[:, 0], (logits > wanted).sum(-1) + 1


@pytest.mark.parametrize("skip_tags", [False, True])
async def test_scores(loaded: LoadedPlanner, prompts: Prompts, tiny_models: Path, skip_tags: bool) -> None:
    model: Any = Qwen3ForCausalLM.from_pretrained(tiny_models / PLANNER, dtype=torch.float32)
    wish = ScoreWish(CODES, THOUGHT, LYRICS, scale=0.2, skip_tags=skip_tags)
    async with planner_queue(loaded, rows=2) as queue:
        (found,) = await results(queue, [score(prompts, wish)])

    given, alone = prompts.understand(CODES), prompts.understand(())
    encode, think = prompts.tokenizer.encode, (prompts.tokenizer.think_start, prompts.tokenizer.think_end)

    def block(yaml: str) -> tuple[Ids, slice]:
        ids = (think[0], *encode(f"\n{yaml}\n"), think[1], *encode("\n"))
        return ids, slice(2, len(ids) - 2) if skip_tags else slice(None)

    def gain(target: Ids, counted: slice) -> float:
        both = [log_probabilities(model, prompt, target)[0][counted].mean() for prompt in (given, alone)]
        return 1 / (1 + math.exp(-float(both[0] - both[1]) / 0.2))

    def recall(yaml: str) -> float:
        target, counted = block(yaml)
        ranks = log_probabilities(model, given, target)[1][counted].double()
        return float((1 - (ranks - 1) / 10).clamp(min=0).mean())

    lyric_tail = encode(f"\n# Lyric\n{LYRICS}\n")
    lyric_target = (think[0], *encode("\n"), think[1], *lyric_tail)
    wanted = {
        "bpm": recall("bpm: 92"),
        "keyscale": recall("keyscale: C major"),
        "caption": gain(*block("caption: warm rain on a roof")),
        "lyrics": gain(lyric_target, slice(3, None) if skip_tags else slice(None)),
    }
    wanted["metadata"] = (wanted["bpm"] + wanted["keyscale"]) / 2
    wanted["reward"] = 0.5 * wanted["caption"] + 0.3 * wanted["lyrics"] + 0.2 * wanted["metadata"]
    assert found == pytest.approx(wanted, abs=1e-4)


async def test_only_what_is_set_is_scored(loaded: LoadedPlanner, prompts: Prompts) -> None:
    wish = ScoreWish(CODES, Thought(caption="rain"), "", scale=0.1, skip_tags=False)
    async with planner_queue(loaded, rows=2) as queue:
        (found,) = await results(queue, [score(prompts, wish)])
    assert set(found) == {"caption", "reward"}
    assert found["caption"] == found["reward"]
