"""Batches are functions of the seed and their number, and follow the laws of spec/training.md §3."""

import shutil
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from services.encoder.tokenization import PromptTokenizer
from tests.training.dit.conftest import RATE, SIZE, energies, examples
from training.dit.examples import Example, Examples, ExampleSettings
from training.dit.tasks import Task
from training.latents import LatentStore, write_latents
from training.synth.clip import facts_of

SETTINGS = ExampleSettings(frames_per_batch=300, uniform=0.0, nearly_noise=0.0)


@pytest.fixture(scope="module")
def many(request: pytest.FixtureRequest) -> list[Example]:
    store = LatentStore.open(request.getfixturevalue("latents"))
    tokenizer = PromptTokenizer(request.getfixturevalue("tokenizer_folder") / "tokenizer.json")
    drawn = examples(store, tokenizer, SETTINGS)
    return [example for number in range(300) for example in drawn.batch(number)]


def test_a_batch_is_always_the_same(store: LatentStore, tokenizer: PromptTokenizer) -> None:
    first, again = (examples(store, tokenizer, SETTINGS).batch(7) for _ in range(2))
    for ours, theirs in zip(first, again, strict=True):
        assert (ours.caption, ours.lyrics, ours.t) == (theirs.caption, theirs.lyrics, theirs.t)
        assert torch.equal(ours.noise, theirs.noise)
        assert torch.equal(ours.framed.source, theirs.framed.source)
    other = examples(store, tokenizer, SETTINGS, seed=1).batch(7)
    assert [example.t for example in other] != [example.t for example in first]


def test_a_batch_holds_about_the_frames_that_are_asked_for(store: LatentStore, tokenizer: PromptTokenizer) -> None:
    for number in range(20):
        frames = [len(example.noise) for example in examples(store, tokenizer, SETTINGS).batch(number)]
        assert sum(frames) >= 300 > sum(frames) - max(frames)


def test_noise_levels_are_the_larger_of_two_logit_normals(many: list[Example]) -> None:
    levels = np.array([example.t for example in many])
    assert len(levels) > 800
    expected = [0.239, 0.401, 0.536, 0.670, 0.825]
    np.testing.assert_allclose(np.quantile(levels, [0.05, 0.25, 0.5, 0.75, 0.95]), expected, atol=0.04)


def test_some_levels_are_any_level_alike(store: LatentStore, tokenizer: PromptTokenizer) -> None:
    drawn = examples(store, tokenizer, replace(SETTINGS, uniform=1.0))
    levels = np.array([example.t for number in range(100) for example in drawn.batch(number)])
    np.testing.assert_allclose(np.quantile(levels, [0.1, 0.5, 0.9]), [0.1, 0.5, 0.9], atol=0.08)


def test_some_levels_are_near_pure_noise(store: LatentStore, tokenizer: PromptTokenizer) -> None:
    drawn = examples(store, tokenizer, replace(SETTINGS, nearly_noise=1.0))
    levels = [example.t for number in range(20) for example in drawn.batch(number)]
    assert min(levels) >= 0.85
    assert np.mean(levels) == pytest.approx(0.925, abs=0.02)


def test_a_batch_is_of_one_length(latents: Path, tokenizer: PromptTokenizer, tmp_path: Path) -> None:
    write_latents(tmp_path, "short", [5, 6], energies, RATE, seconds=2.0)
    for file in latents.iterdir():
        shutil.copy(file, tmp_path)
    drawn = examples(LatentStore.open(tmp_path), tokenizer, SETTINGS)
    lengths = [{len(example.noise) for example in drawn.batch(number)} for number in range(20)]
    assert all(len(found) == 1 for found in lengths)
    assert set.union(*lengths) == {50, 100}


@pytest.mark.parametrize("covers", [0.0, 0.26, 1.0])
def test_so_many_are_covers_and_the_other_tasks_share_the_rest(
    store: LatentStore, tokenizer: PromptTokenizer, covers: float
) -> None:
    drawn = examples(store, tokenizer, replace(SETTINGS, covers=covers))
    tasks = Counter(example.framed.task for number in range(200) for example in drawn.batch(number))
    found = {task: tasks[task] / tasks.total() for task in Task}
    rest = {Task.TEXT_TO_MUSIC: 22, Task.EXTRACT: 6, Task.REPAINT: 3, Task.LEGO: 3, Task.COMPLETE: 3}
    expected = {Task.COVER: covers, **{task: (1 - covers) * part / 37 for task, part in rest.items()}}
    assert found == pytest.approx(expected, abs=0.05)
    assert (found[Task.COVER] == covers) is (covers in (0, 1))


def test_conditions_are_dropped_in_one_of_seven(many: list[Example]) -> None:
    dropped = np.mean([not example.conditioned for example in many])
    assert abs(dropped - 0.15) < 3 * (0.15 * 0.85 / len(many)) ** 0.5


def test_a_reference_is_silence_or_the_clip_itself(many: list[Example], store: LatentStore) -> None:
    silent = [torch.equal(example.reference, store.silence[: SIZE.reference_frames]) for example in many]
    assert all(len(example.reference) == SIZE.reference_frames for example in many)
    assert 0.7 < np.mean(silent) < 0.9


def test_metadata_are_left_out_now_and_then(store: LatentStore, tokenizer: PromptTokenizer) -> None:
    always = replace(SETTINGS, value_dropout=1.0)
    never = replace(SETTINGS, value_dropout=0.0)
    without, with_all = (examples(store, tokenizer, each).batch(0)[0] for each in (always, never))
    assert len(without.caption) != len(with_all.caption)


def test_the_other_piece_of_a_cover_is_of_the_same_style_and_never_itself(
    store: LatentStore, tokenizer: PromptTokenizer
) -> None:
    """Only where there is no other piece it is the same."""
    by_style = defaultdict(list)
    for seed in range(40):
        by_style[facts_of(seed, seconds=4.0).style.name].append(seed)
    pair, single = sorted(by_style.values(), key=len)[-1][:2], sorted(by_style.values(), key=len)[0][:1]
    first, second, alone = (replace(store.entries[0], seed=seed) for seed in (*pair, *single))
    drawn = examples(replace(store, entries=(first, second, alone)), tokenizer, SETTINGS)
    random = np.random.default_rng(0)
    assert all(drawn._other(random, first) is second for _ in range(10))
    assert drawn._other(random, alone) is alone


def test_covers_of_planned_clips_hear_the_plan(store: LatentStore, tokenizer: PromptTokenizer) -> None:
    first, second = store.entries
    whole = first.frames // 5
    plans = {(first.seed, first.seconds): range(whole), (second.seed, second.seconds): range(whole - 1)}
    settings = replace(SETTINGS, planned=0.5)
    drawn = Examples(store, tokenizer, settings, SIZE.reference_frames, 0, plans)
    found = [example for number in range(100) for example in drawn.batch(number)]
    planned = [example for example in found if example.framed.codes]
    covers = [example for example in found if example.framed.task is Task.COVER]
    assert all(example.framed.task is Task.COVER for example in planned)
    assert {len(example.framed.codes) for example in planned} == {whole}
    assert 0.1 < len(planned) / len(covers) < 0.4
