"""What is known goes through the network once: counted by the tokens and the passes that reach it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
import torch

from services.planner import modes
from services.planner.attention import Layout
from services.planner.cache import BLOCK, KeyValueCache
from services.planner.checkpoint import LoadedPlanner
from services.planner.grammar import Field, known_lines
from services.planner.modes import METADATA, Bounds, PlanWish
from services.planner.prompts import PromptForm, Prompts
from services.planner.sampling import TokenSampling
from services.planner.scoring import ScoreWish, score
from services.planner.tasks import CodesTask
from services.planner.thought import Thought
from tests.services.planner.conftest import planner_queue, results
from tests.services.planner.test_generation_parity import THOUGHT, script_of

LYRICS = "la la\n" * 40
BOUNDS = Bounds(60, lyric_tokens=16, free_tokens={"caption": 24, "genres": 4})
WISH = PlanWish(
    caption="rain",
    lyrics=LYRICS,
    given=Thought(),
    seconds=None,
    write_metadata=True,
    rewrite_caption=True,
    detect_language=True,
    write_codes=False,
    sampling=TokenSampling(seed=3),
    guidance_scale=1.0,
)


@dataclass
class Fed:
    """What the network was given."""

    tokens: int = 0
    passes: int = 0
    most: int = 0


@pytest.fixture
def fed(loaded: LoadedPlanner) -> Iterator[Fed]:
    """Counts from the beginning of the test."""
    counted, forward = Fed(), loaded.model.forward

    def counting(tokens: torch.Tensor, layout: Layout, cache: KeyValueCache) -> torch.Tensor:
        counted.tokens += len(tokens)
        counted.passes += 1
        counted.most = max(counted.most, len(tokens))
        return forward(tokens, layout, cache)

    loaded.model.forward = counting  # type: ignore[method-assign]
    yield counted
    del loaded.model.forward


@pytest.mark.parametrize("guided", [False, True])
async def test_eight_songs_of_one_prompt_prefill_once(
    loaded: LoadedPlanner, prompts: Prompts, fed: Fed, guided: bool
) -> None:
    """The prompt that guidance leads away from too."""
    prompt = prompts.codes("rain", LYRICS, THOUGHT, PromptForm.ALIGNED)
    other = prompts.unconditional("rain", LYRICS, "", PromptForm.ALIGNED) if guided else None
    tasks = [CodesTask(prompt, other, 2.0, 3, TokenSampling(seed=seed)) for seed in range(8)]
    async with planner_queue(loaded, rows=16) as queue:
        codes = await results(queue, [script_of(task) for task in tasks])
    assert len({tuple(item) for item in codes}) == 8
    if other is None:
        assert fed.tokens == len(prompt) - 1 + 8 * 3
    else:
        assert fed.tokens == len(prompt) - 1 + len(other) - 1 + 2 * 8 * 3


async def test_codes_for_a_thought_take_over_the_prompt_of_its_metadata(
    loaded: LoadedPlanner, prompts: Prompts, fed: Fed
) -> None:
    """All that is fed beside the codes is the think block and at most one block of the prompt's end."""
    async with planner_queue(loaded) as queue:
        (planned,) = await results(queue, [modes.plan(prompts, WISH, BOUNDS)])
        before = fed.tokens
        wish = replace(WISH, thought=planned.thought, seconds=2.0, write_codes=True)
        (song,) = await results(queue, [modes.plan(prompts, wish, BOUNDS)])
    prompt = prompts.plan("rain", LYRICS)
    block = len(prompts.codes("rain", LYRICS, planned.thought, PromptForm.ALIGNED)) - len(prompt)
    assert len(song.codes) == 10
    assert len(prompt) > 4 * BLOCK
    assert fed.tokens - before - len(song.codes) < block + BLOCK


async def test_the_parts_of_a_score_share_their_prompts(loaded: LoadedPlanner, prompts: Prompts, fed: Fed) -> None:
    """One prefill of the codes and one of the prompt without them, whatever the number of parts."""
    thought = Thought(bpm=90, caption="rain on a roof", keyscale="C major", language="en")
    codes = tuple(range(0, 3000, 3))
    async with planner_queue(loaded, rows=2) as queue:
        (scores,) = await results(queue, [score(prompts, ScoreWish(codes, thought, LYRICS, 0.1, skip_tags=False))])
    assert {"bpm", "caption", "keyscale", "language", "lyrics"} < set(scores)
    lines = [Thought(bpm=90), Thought(keyscale="C major"), Thought(language="en")]
    rated_once = sum(len(prompts.scored_thought(line)) for line in lines)
    rated_twice = len(prompts.scored_thought(Thought(caption="rain on a roof"))) + len(prompts.scored_lyrics(LYRICS))
    contexts = len(prompts.understand(codes)) - 1 + len(prompts.understand(())) - 1
    assert contexts - BLOCK * 4 < fed.tokens - rated_once - 2 * rated_twice <= contexts


@pytest.mark.parametrize("caption", ["rain", ""])
async def test_no_pass_takes_more_than_a_piece(loaded: LoadedPlanner, prompts: Prompts, fed: Fed, caption: str) -> None:
    """Neither of a prompt nor of a text that is rated: others would wait for it. And the pieces change no bit.

    Without a caption the long text is the first that is rated: pieces of the prompt go in beside it.
    """
    wish = ScoreWish(tuple(range(700)), Thought(caption=caption), LYRICS * 5, 0.1, skip_tags=False)
    assert len(prompts.scored_lyrics(wish.lyrics)) > 400
    async with planner_queue(loaded, rows=2) as queue:
        (whole,) = await results(queue, [score(prompts, wish)])
    assert fed.most > 400
    fed.most = 0
    async with planner_queue(loaded, rows=2, prefill_tokens=128) as queue:
        (pieces,) = await results(queue, [score(prompts, wish)])
    assert fed.most == 128
    assert pieces == whole


@pytest.mark.parametrize("missing", METADATA)
async def test_given_values_take_no_steps(loaded: LoadedPlanner, prompts: Prompts, fed: Fed, missing: Field) -> None:
    """One pass for the prompt and the values before the missing one, then one for each token of that; none behind."""
    given = replace(THOUGHT, language="", **{missing.value: getattr(Thought(), missing.value)})
    wish = replace(WISH, given=given, rewrite_caption=False, detect_language=False)
    async with planner_queue(loaded) as queue:
        (planned,) = await results(queue, [modes.plan(prompts, wish, BOUNDS)])
        steps = queue.steps_computed
    value = known_lines(planned.thought, [missing])[missing]
    written = loaded.tokenizer.encode(f" {value}\n")
    assert fed.passes == steps
    assert steps <= 1 + len(written)
    assert len(loaded.tokenizer.encode(planned.thought.to_yaml())) > 2 * len(written)
