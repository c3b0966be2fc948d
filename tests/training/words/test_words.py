"""Words before music: what a prompt says is read off its last token, and it is learned in no time."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from services.encoder.checkpoint import TEXT_ENCODER
from services.encoder.tokenization import PromptTokenizer
from training.dit.questions import ANSWERS, QUESTIONS, Asked, answers_of, surprise
from training.dit.tasks import TRACK_TASKS, Task
from training.loop import LoopSettings, run
from training.model_configs import TransformerSize, qwen3_config
from training.synth.clip import draw_facts
from training.synth.styles import style_named
from training.synth.tempos import BARS_PER_MINUTE
from training.tiny_tokenizer import END_OF_TEXT, write_tiny_tokenizer
from training.weights import initialise
from training.words.examples import Examples
from training.words.task import Reader, WordsTask

SMALL = TransformerSize(hidden=48, intermediate=96, layers=2, heads=2, kv_heads=1, head_dim=24)


@pytest.fixture(scope="module")
def tokenizer_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("family") / TEXT_ENCODER
    folder.mkdir()
    write_tiny_tokenizer(folder, append_end_of_text=True)
    return folder


@pytest.fixture(scope="module")
def tokenizer(tokenizer_folder: Path) -> PromptTokenizer:
    return PromptTokenizer(tokenizer_folder / "tokenizer.json")


@pytest.fixture
def reader(tokenizer_folder: Path) -> Reader:
    ids = write_tiny_tokenizer(tokenizer_folder, append_end_of_text=True)
    model = Reader(qwen3_config(SMALL, len(ids), begin=ids[END_OF_TEXT], end=ids[END_OF_TEXT]))
    initialise(model, seed=0)
    return model


@given(seed=st.integers(0, 2**32), seconds=st.integers(7, 46), task=st.sampled_from(Task))
def test_every_question_has_an_answer(seed: int, seconds: int, task: Task) -> None:
    facts = draw_facts(np.random.default_rng(seed), float(seconds))
    answers = answers_of(Asked(facts, task, "drums" if task in TRACK_TASKS else ""))
    assert len(answers) == len(QUESTIONS)
    assert sum(map(len, answers)) == ANSWERS
    for answer in answers[:-1]:
        assert float(answer.sum()) == pytest.approx(1)
    assert int(answers[-1].sum()) == len({name for _, name in facts.instruments})


def test_a_tempo_is_answered_by_its_wave_of_the_clock() -> None:
    facts = replace(draw_facts(np.random.default_rng(0), 20.0, style_named("waltz")), bpm=90)
    answer = answers_of(Asked(facts, Task.TEXT_TO_MUSIC, ""))[QUESTIONS.index("tempo")]
    assert BARS_PER_MINUTE[int(answer.argmax())] == pytest.approx(30, rel=0.024)


def test_surprise_is_least_where_all_answers_are_right() -> None:
    facts = [draw_facts(np.random.default_rng(seed), 20.0) for seed in range(3)]
    answers = [answers_of(Asked(each, Task.TEXT_TO_MUSIC, "")) for each in facts]
    sure = torch.stack(
        [torch.cat([(answer + 1e-6).log() for answer in each[:-1]] + [20 * each[-1] - 10]) for each in answers]
    )
    found, right = surprise(sure, answers)
    assert right.eq(1).all()
    assert (found <= surprise(0.9 * sure, answers)[0]).all()
    assert surprise(-sure, answers)[1][QUESTIONS.index("style")] == 0


def test_prompts_are_functions_of_their_number(tokenizer: PromptTokenizer) -> None:
    first, again, other = (Examples(tokenizer, 4, 0.15, seed).batch(7) for seed in (0, 0, 1))
    assert [each.caption for each in first] == [each.caption for each in again]
    assert [each.caption for each in first] != [each.caption for each in other]


def test_it_learns_what_prompts_say(reader: Reader, tokenizer: PromptTokenizer, tmp_path: Path) -> None:
    """A few prompts, so that seconds are enough."""
    few = Examples(tokenizer, 8, 0.0, 0).batch(0)

    class Few:
        def batch(self, number: int) -> list[object]:
            return list(few)

    task = WordsTask(reader, Few(), Few(), prompts=8, bfloat16=False)  # type: ignore[arg-type]
    loop = LoopSettings(steps=60, learning_rate=5e-3, warmup_steps=5, sample_every=60, save_every=60, ema_decay=0.8)
    measured = run(task, loop, tmp_path).measured
    assert all(measured[f"{question}_right"] > 0.9 for question in ("style", "key", "meter", "task", "track"))
