"""The planner that is trained is the one that is served, and it learns."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from quartet.models.family import planners_of
from services.encoder.text import TextEncoder
from services.planner import checkpoint, modes
from services.planner.checkpoint import LoadedPlanner
from services.planner.modes import Bounds, PlanWish
from services.planner.sampling import TokenSampling
from services.planner.tasks import ScoreTask, Script, Task, TokenScores
from services.planner.thought import Thought
from tests.services.planner.conftest import planner_queue, results
from tests.training.planner.conftest import CODES, CPU, PLANNER, Trainee, write_family, write_latents
from training.loop import STATE, LoopSettings, run
from training.model_task import Batches
from training.planner import answers
from training.planner.answers import Example
from training.planner.codes import CodedClip, CodeStore
from training.planner.examples import Examples, ExampleSettings
from training.planner.export import write_planner
from training.planner.network import surprises
from training.planner.task import PlannerTask
from training.synth.clip import describe
from training.weights import weights

SEED = 12
GREEDY = TokenSampling(0.0)
BOUNDS = Bounds(seconds=600, lyric_tokens=256)


@dataclass(frozen=True)
class Always:
    """The same batch, whatever its number."""

    examples: Sequence[Example]

    def batch(self, number: int) -> Sequence[Example]:
        return self.examples


@dataclass(frozen=True)
class Song:
    """A clip in words, with codes."""

    wish: str
    lyrics: str
    thought: Thought
    genres: str
    codes: tuple[int, ...]


@pytest.fixture(scope="module")
def song() -> Song:
    described = describe(SEED, seconds=12)
    facts = described.facts
    thought = Thought(facts.bpm, described.caption, 12, "", str(facts.key), facts.language, facts.style.meter)
    codes = np.random.default_rng(0).integers(CODES, size=60)
    return Song(described.wish, described.lyrics, thought, facts.style.name, tuple(codes.tolist()))


def task(trainee: Trainee, examples: Batches[Example], kind: type[PlannerTask] = PlannerTask) -> PlannerTask:
    return kind(
        trainee.network(),
        examples,
        examples,
        first_code=trainee.prompts.tokenizer.first_code,
        tokens_per_batch=500,
        bfloat16=False,
    )


def served(trainee: Trainee, model: TextEncoder) -> LoadedPlanner:
    write_planner(trainee.models / PLANNER, model, trainee.config)
    return checkpoint.load(trainee.models, PLANNER, dtype=torch.float32, device=CPU)


def rated(example: Example) -> Script:
    """Log-probabilities of an answer, as the planner stage rates a text."""
    asked = ScoreTask(example.prompt, example.answer, row=0)

    def start(emit: object) -> Generator[Task, Any, TokenScores]:
        scores: TokenScores = yield asked
        return scores

    return Script(1, asked.tokens, 1, start)


class Falling(PlannerTask):
    """Dies in its third batch."""

    def loss(self, batch: int) -> tuple[torch.Tensor, Mapping[str, torch.Tensor]]:
        if batch == 2:
            raise MemoryError
        return super().loss(batch)


async def test_the_served_planner_is_the_trained_one(trainee: Trainee, song: Song) -> None:
    model = trainee.network()
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_((weight + 0.1 * torch.randn_like(weight)).bfloat16())
    prompts = trainee.prompts
    examples = [
        answers.plan(prompts, song.wish, song.lyrics, song.thought, song.codes),
        answers.understand(prompts, song.codes, song.thought, song.lyrics),
    ]
    found = torch.split(surprises(model, examples).detach(), [len(example.answer) for example in examples])
    async with planner_queue(served(trainee, model), rows=2) as queue:
        rates = await results(queue, [rated(example) for example in examples])
    for ours, theirs in zip(found, rates, strict=True):
        assert torch.allclose(-ours, torch.tensor(theirs.log_probabilities), atol=1e-4, rtol=1e-4)


def test_only_answers_count(trainee: Trainee) -> None:
    """What moves from the answer to the prompt is read as before and no longer in the loss."""
    model = trainee.network()
    example = answers.plan(trainee.prompts, "rain", "", Thought(bpm=96), ())
    whole = surprises(model, [example])
    assert len(whole) == len(example.answer)
    moved = Example((*example.prompt, *example.answer[:5]), example.answer[5:])
    assert torch.allclose(surprises(model, [moved]), whole[5:], atol=1e-5)


def test_every_weight_gets_a_gradient(trainee: Trainee, song: Song) -> None:
    learning = task(trainee, Always([answers.plan(trainee.prompts, "", "", song.thought, song.codes)]))
    loss, parts = learning.loss(0)
    loss.backward()  # type: ignore[no-untyped-call]
    assert [name for name, weight in learning.parameters.items() if weight.grad is None or not weight.grad.any()] == []
    assert set(parts) == {"text", "codes"}


async def test_one_clip_is_learned(trainee: Trainee, song: Song, tmp_path: Path) -> None:
    """Greedily the planner stage then writes its thought, its codes and, from a wish, the whole song in words."""
    prompts = trainee.prompts
    whole = replace(song.thought, genres=song.genres)
    examples = [
        answers.plan(prompts, song.wish, song.lyrics, song.thought, song.codes),
        answers.compose(prompts, song.wish, whole, song.lyrics, instrumental=False),
    ]
    learning = task(trainee, Always(examples))
    settings = LoopSettings(
        steps=250, learning_rate=5e-3, warmup_steps=10, ema_decay=0.9, save_every=250, sample_every=250, log_every=50
    )
    outcome = run(learning, settings, tmp_path)
    assert max(outcome.measured.values()) < 0.1

    model = trainee.network()
    with weights(model, outcome.averaged):
        loaded = served(trainee, model)
    wish = PlanWish(
        caption=song.wish,
        lyrics=song.lyrics,
        given=Thought(),
        seconds=None,
        write_metadata=True,
        rewrite_caption=True,
        detect_language=True,
        write_codes=True,
        sampling=GREEDY,
        guidance_scale=1,
    )
    async with planner_queue(loaded, rows=2) as queue:
        planned, composed = await results(
            queue,
            [
                modes.plan(prompts, wish, BOUNDS),
                modes.compose(prompts, song.wish, instrumental=False, language="", sampling=GREEDY, bounds=BOUNDS),
            ],
        )
    assert (planned.thought, planned.codes) == (song.thought, song.codes)
    assert (composed.thought, composed.lyrics) == (whole, song.lyrics)


def test_a_resumed_training_equals_an_uninterrupted_one(trainee: Trainee, song: Song, tmp_path: Path) -> None:
    clip = CodedClip(SEED, np.array(song.codes * 4, np.int32))
    drawn = Examples(
        CodeStore((clip,), CODES), trainee.prompts, ExampleSettings(tokens_per_batch=500), seed=0, new_words=True
    )
    settings = LoopSettings(steps=4, warmup_steps=0, save_every=2, sample_every=4, log_every=2)
    run(task(trainee, drawn), settings, tmp_path / "whole")

    with pytest.raises(MemoryError):
        run(task(trainee, drawn, Falling), settings, tmp_path / "parts")
    run(task(trainee, drawn), settings, tmp_path / "parts")
    whole, parts = (load_file(tmp_path / name / STATE) for name in ("whole", "parts"))
    assert all(torch.equal(tensor, parts[name]) for name, tensor in whole.items())


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    write_family(tmp_path / "models")
    write_latents(tmp_path / "latents", "clips", (SEED, 5))
    write_latents(tmp_path / "held-out", "clips", (32,))
    flags = {
        "data": tmp_path / "latents", "held-out": tmp_path / "held-out", "models": tmp_path / "models",
        "output": tmp_path / "run", "steps": 2, "tokens-per-batch": 500, "save-every": 1, "log-every": 1, "threads": 1,
        "processes": 1,
    }  # fmt: skip
    return [sys.executable, "-m", "training.planner", *(f"--{name}={value}" for name, value in flags.items())]


def test_the_command_trains_and_exports(command: list[str], tmp_path: Path) -> None:
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "step 2, 0 skipped: finished" in done.stdout
    assert planners_of(tmp_path / "models") == (PLANNER,)
    loaded = checkpoint.load(tmp_path / "models", PLANNER, dtype=torch.bfloat16, device=CPU)
    assert len(loaded.tokenizer.audio_codes) == CODES
    assert load_file(tmp_path / "models" / PLANNER / "model.safetensors")["norm.weight"].dtype == torch.bfloat16


@pytest.mark.parametrize("missing", ["latents", "models/acestep-v15-base/config.json"])
def test_the_command_refuses_bad_data_with_the_file_and_the_reason(
    command: list[str], tmp_path: Path, missing: str
) -> None:
    (tmp_path / missing).rename(tmp_path / "elsewhere")
    refused = subprocess.run(command, check=False, capture_output=True, text=True)
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"error: {tmp_path / missing}: ")
    assert refused.stderr.count("\n") == 1
