"""Other processes draw the very batches that this one would."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.encoder.checkpoint import LoadedEncoder
from tests.training.planner.conftest import PLANNER, Trainee, write_latents
from training.latents import LatentStoreError
from training.planner.ahead import DrawnAhead, ExampleSource
from training.planner.codes import keep_codes
from training.planner.examples import ExampleSettings


@pytest.fixture
def source(trainee: Trainee, encoder: LoadedEncoder, tmp_path: Path) -> ExampleSource:
    write_latents(tmp_path, "clips", (5, 9))
    keep_codes(tmp_path, encoder)
    return ExampleSource(
        latents=tmp_path,
        tokenizer=trainee.models / PLANNER / "tokenizer.json",
        vocabulary=trainee.config["vocab_size"],
        settings=ExampleSettings(tokens_per_batch=500),
        seed=3,
        new_words=True,
    )


def test_batches_are_the_same_from_any_number_on(source: ExampleSource) -> None:
    here = source.examples()
    with DrawnAhead(source, processes=1) as ahead:
        for number in (7, 8, 9, 20):
            assert ahead.batch(number) == here.batch(number)


def test_what_cannot_be_drawn_is_refused_here(source: ExampleSource) -> None:
    (source.latents / "clips.codes.safetensors").unlink()
    with (
        DrawnAhead(source, processes=1) as ahead,
        pytest.raises(LatentStoreError, match=r"clips\.codes\.safetensors: holds no audio codes"),
    ):
        ahead.batch(0)
