"""Examples are what the planner stage asks and writes, token by token."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor

import numpy as np
import pytest

from services.encoder.checkpoint import LoadedEncoder
from services.planner.codes import CODES_PER_SECOND
from services.planner.grammar import Field, Grammar
from services.planner.prompts import PromptForm, Prompts
from services.planner.thought import Thought
from services.planner.writing import Finish, Writer
from tests.training.planner.conftest import CODES, Trainee, write_latents
from training.latents import LatentStoreError
from training.nano.recipe import HELD_OUT_SEEDS, RECIPES
from training.planner import answers, examples
from training.planner.answers import Example
from training.planner.codes import CodedClip, CodeStore, keep_codes, read_codes
from training.planner.examples import NEW_SEEDS, Examples, ExampleSettings
from training.synth.clip import Description, describe

SEEDS = (5, 9, 3, 14)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, encoder: LoadedEncoder) -> CodeStore:
    folder = tmp_path_factory.mktemp("latents")
    write_latents(folder, "clips", SEEDS)
    keep_codes(folder, encoder)
    return read_codes(folder)


@pytest.fixture(scope="module")
def masks() -> Iterator[Executor]:
    with ThreadPoolExecutor(max_workers=1) as pool:
        yield pool


def drawn(
    store: CodeStore, prompts: Prompts, batches: int, *, new_words: bool = True, words_alone: float = 0.3
) -> list[Example]:
    settings = ExampleSettings(tokens_per_batch=4000, words_alone=words_alone)
    source = Examples(store, prompts, settings, seed=1, new_words=new_words)
    return [example for number in range(batches) for example in source.batch(number)]


def kind_of(prompts: Prompts, example: Example) -> str:
    """The first word of the instruction."""
    text = prompts.tokenizer.decode([token for token in example.prompt if token < prompts.tokenizer.first_code])
    return text.decode().partition("# Instruction\n")[2].split()[0]


def thought_of(prompts: Prompts, ids: Sequence[int]) -> Thought:
    text = prompts.tokenizer.decode(ids).decode()
    thought = Thought.parse(text, max_seconds=600)
    assert f"\n{thought.to_yaml()}\n" == text
    return thought


def check_written(prompts: Prompts, grammar: Grammar, answer: Sequence[int], masks: Executor) -> None:
    """The planner stage could write these very tokens: forced runs, then tokens that it allows."""
    writer = Writer(prompts.tokenizer, grammar, max_lyric_tokens=2048, masks=masks)
    fed = list(writer.forced)
    while writer.finish is None:
        token = answer[len(fed)]
        assert writer.mask()[token]
        fed += writer.accept(token)
    assert writer.finish is Finish.STOP
    assert fed == list(answer[: len(fed)])
    assert len(answer) - len(fed) <= 1


def test_a_batch_is_a_function_of_its_number(store: CodeStore, trainee: Trainee) -> None:
    settings = ExampleSettings(tokens_per_batch=3000)
    one, other = (Examples(store, trainee.prompts, settings, seed=4, new_words=True) for _ in range(2))
    assert one.batch(7) == other.batch(7) != one.batch(8)
    tokens = [len(example.prompt) + len(example.answer) for example in one.batch(7)]
    assert sum(tokens) >= 3000 > sum(tokens) - max(tokens)
    assert tokens == sorted(tokens)


def test_what_is_drawn_is_what_the_planner_stage_asks_and_writes(
    store: CodeStore, trainee: Trainee, masks: Executor
) -> None:
    """Every block and song passes its grammar in its own tokens; codes are as many as the plan is long."""
    prompts, tokenizer = trainee.prompts, trainee.prompts.tokenizer
    kinds: Counter[str] = Counter()
    lines_of_plans = set()
    for example in drawn(store, prompts, 30):
        kind = kind_of(prompts, example)
        kinds[kind] += 1
        codes = [token for token in example.answer if token in tokenizer.audio_codes]
        if example.answer[0] != tokenizer.think_start:
            kinds["guided away from"] += 1
            assert example.prompt == prompts.unconditional("", "", "", PromptForm.ALIGNED)
            assert example.answer == (*codes, tokenizer.turn_end)
            continue
        end = example.answer.index(tokenizer.think_end)
        thought = thought_of(prompts, example.answer[1:end])
        assert not thought.keyscale or thought.keyscale not in thought.caption
        lines = tuple(line for line in Field if getattr(thought, line.value))
        if kind != "Generate":
            assert lines == tuple(Field)
            check_written(prompts, Grammar(lines, max_seconds=600, lyrics=True), example.answer, masks)
            assert not codes
            continue
        lines_of_plans.add(lines)
        if lines:
            check_written(prompts, Grammar(lines, max_seconds=600), example.answer[: end + 1], masks)
        if codes:
            kinds["codes"] += 1
            assert example.answer[-1 - len(codes) :] == (*codes, tokenizer.turn_end)
            assert thought.duration in (None, len(codes) / CODES_PER_SECOND)
    assert min(kinds[kind] for kind in ("Generate", "Understand", "Expand", "Format", "guided away from", "codes")) > 3
    assert {lines.count(Field.CAPTION) for lines in lines_of_plans} == {0, 1}
    assert {lines.count(Field.BPM) for lines in lines_of_plans} == {0, 1}


def test_a_plan_goes_on_with_the_prompt_of_its_codes(trainee: Trainee) -> None:
    thought = Thought(bpm=96, caption="rain: it pours", duration=12, keyscale="F# minor", language="en")
    example = answers.plan(trainee.prompts, "rain", "[Verse]\nla la", thought, (3, 15, 0))
    assert example.prompt == trainee.prompts.plan("rain", "[Verse]\nla la")
    through = trainee.prompts.codes("rain", "[Verse]\nla la", thought, PromptForm.ALIGNED)
    first = trainee.prompts.tokenizer.first_code
    expected = (*through, first + 3, first + 15, first, trainee.prompts.tokenizer.turn_end)
    assert (*example.prompt, *example.answer) == expected


def test_new_words_are_of_songs_in_no_store(
    store: CodeStore, trainee: Trainee, monkeypatch: pytest.MonkeyPatch
) -> None:
    described: set[int] = set()

    def noted(seed: int, *, seconds: float | None = None) -> Description:
        described.add(seed)
        return describe(seed, seconds=seconds)

    monkeypatch.setattr(examples, "describe", noted)
    drawn(store, trainee.prompts, 12)
    new = described - set(SEEDS)
    assert len(new) > 10
    assert min(new) >= NEW_SEEDS > HELD_OUT_SEEDS + max(recipe.held_out_clips for recipe in RECIPES.values())
    described.clear()
    drawn(store, trainee.prompts, 12, new_words=False)
    assert described == set(SEEDS)


def test_modes_without_codes_have_their_share(store: CodeStore, trainee: Trainee) -> None:
    def heard(words_alone: float) -> set[bool]:
        """Whether an example has codes, in its prompt or its answer."""
        examples = drawn(store, trainee.prompts, 6, words_alone=words_alone)
        return {max(*example.prompt, *example.answer) >= trainee.prompts.tokenizer.first_code for example in examples}

    assert heard(1.0) == {False}
    assert heard(0.3) == {False, True}
    assert "Expand" not in {kind_of(trainee.prompts, each) for each in drawn(store, trainee.prompts, 6, words_alone=0)}


def test_words_are_of_the_length_that_was_asked_for(trainee: Trainee) -> None:
    clip = CodedClip(5, np.zeros(20, np.int32), seconds=4.0)
    tokenizer = trainee.prompts.tokenizer
    plans = [
        example
        for example in drawn(CodeStore((clip,), CODES), trainee.prompts, 2)
        if tokenizer.first_code in example.answer
    ]
    assert plans
    assert all(example.answer.count(tokenizer.first_code) == 20 for example in plans)


def test_a_clip_that_is_shorter_than_its_words_is_refused(trainee: Trainee) -> None:
    clip = CodedClip(5, np.zeros(20, np.int32))
    with pytest.raises(LatentStoreError, match=r"the clip of seed 5 has 20 audio codes, its description takes \d+;"):
        drawn(CodeStore((clip,), CODES), trainee.prompts, 1)
