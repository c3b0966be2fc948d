"""The whole recipe in small: from nothing to a family that the stages load."""

import math
import shutil
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from services.dit import checkpoint as dit_checkpoint
from services.encoder import checkpoint as encoder_checkpoint
from services.encoder.model import Words
from services.encoder.prompt import Prompt
from services.planner import checkpoint as planner_checkpoint
from services.runtime.checkpoints import SafetensorsFolder
from services.vae import checkpoint as vae_checkpoint
from training.dit.__main__ import DitTrainingSettings
from training.dit.__main__ import main as train_dit
from training.nano import __main__ as nano
from training.nano.__main__ import NanoSettings, main
from training.nano.data import render_bank
from training.nano.recipe import HELD_OUT_SEEDS, RECIPES, SHORT_SEEDS, TRAINING_SEEDS
from training.planner.__main__ import PlannerTrainingSettings
from training.planner.__main__ import main as train_planner
from training.planner.codes import Kept, read_codes

VARIANT, PLANNER = "acestep-v15-base", "acestep-5Hz-lm-nano"
MEGABYTES = 40


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("nano")
    main(NanoSettings(recipe="rehearsal", output=output, processes=2))
    return output


def test_the_stages_load_what_was_made(made: Path) -> None:
    models = made / "models"
    dtype, device = torch.float32, torch.device("cpu")
    codec = vae_checkpoint.load(models, dtype=dtype, device=device)
    encoder = encoder_checkpoint.load(models, VARIANT, dtype=dtype, device=device)
    dit = dit_checkpoint.load(models, VARIANT, dtype=dtype, device=device)
    planner = planner_checkpoint.load(models, PLANNER, dtype=dtype, device=device)
    assert len(planner.tokenizer.audio_codes) == math.prod(encoder.config.fsq_levels)
    assert codec.model.config.latent_channels == dit.silence.shape[1] == 80
    prompt = Prompt("a slow waltz", "[Instrumental]")
    words = Words(encoder.tokenizer.caption(prompt).ids, encoder.tokenizer.lyrics(prompt).ids)
    condition = encoder.model.encode([words])[0]
    assert len(dit.model.cache_condition(condition)) == 8


def test_the_family_is_small(made: Path) -> None:
    size = sum(file.stat().st_size for file in (made / "models").rglob("*") if file.is_file())
    assert size < MEGABYTES * 10**6


def test_the_card_tells_how_it_was_made(made: Path) -> None:
    card = (made / "models" / "README.md").read_text("utf-8")
    assert "--recipe rehearsal" in card
    assert f"| dit steps | {RECIPES['rehearsal'].dit_steps} |" in card
    assert "| codec |" in card
    assert "MIT" in card


def test_only_what_is_missing_is_made_again(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after an interruption, which leaves whole shards. For parts beside the transformer that are there no process
    starts."""
    *_, missing = sorted((made / "latents").glob("clips-*.npy"))
    latents = missing.read_bytes()

    def kept() -> dict[Path, int]:
        files = (file for folder in ("latents", "codec", "dit", "planner") for file in (made / folder).rglob("*.*"))
        return {file: file.stat().st_mtime_ns for file in files if file.stem != missing.stem}

    before = kept()
    missing.unlink()
    missing.with_suffix(".json").unlink()
    (made / "parts" / "latents.json").unlink()
    monkeypatch.delattr(nano, "_beside")
    main(NanoSettings(recipe="rehearsal", output=made, processes=1))
    assert missing.read_bytes() == latents
    assert any(file.match("latents/clips-*.npy") for file in before)
    assert kept() == before


@pytest.mark.parametrize(
    ("train", "settings", "begin", "folder"),
    [
        (train_dit, partial(DitTrainingSettings, frames_per_batch=200), "package", VARIANT),
        (train_planner, partial(PlannerTrainingSettings, tokens_per_batch=500), "planner", PLANNER),
    ],
)
def test_what_is_there_is_trained_further(
    made: Path,
    tmp_path: Path,
    train: Callable[[Any], bool],
    settings: Callable[..., Any],
    begin: str,
    folder: str,
) -> None:
    """Without a learning rate it stays as it is, where weights that are drawn would take its place."""
    models = shutil.copytree(made / "models", tmp_path / "models")
    stores = {"data": made / "latents", "held_out": made / "held-out", "models": models, "output": tmp_path / "run"}
    assert train(settings(**stores, begin=begin, steps=1, learning_rate=0.0))
    for written in (made / "models" / folder).iterdir():
        assert (models / folder / written.name).read_bytes() == written.read_bytes()


def test_a_family_is_trained_further(made: Path, tmp_path: Path) -> None:
    """Its audio codes and the encoder of its codec stay, since all else is trained on what they say."""
    begin, output = made / "models", tmp_path / "further"
    shutil.copytree(made / "bank", output / "bank")  # which is of the same seeds
    main(NanoSettings(recipe="rehearsal", begin=begin, output=output, processes=1))

    for folder, weights, kept in (
        (VARIANT, "model.safetensors", ("tokenizer.", "detokenizer.")),
        (vae_checkpoint.FOLDER, vae_checkpoint.WEIGHTS, ("encoder.",)),
    ):
        before, after = (
            SafetensorsFolder(family / folder, weights, dtype=torch.float32) for family in (begin, output / "models")
        )
        same = {key: torch.equal(before.read(key), after.read(key)) for key in before.shapes()}
        assert all(same[key] for key in same if key.startswith(kept))
        assert not all(same.values())
    planner = planner_checkpoint.load(begin, PLANNER, dtype=torch.bfloat16, device=torch.device("cpu"))
    for index in (output / "latents").glob("*.json"):
        with safe_open(index.with_suffix(Kept.PLANS), framework="np") as plans:
            assert plans.metadata()["planner"] == planner.revision
    assert any(len(clip.codes) for clip in read_codes(output / "latents", Kept.PLANS).clips)
    assert f"--begin {begin}" in (output / "models" / "README.md").read_text("utf-8")
    with pytest.raises(ValueError, match=r"recipe\.json: the folder was begun with another recipe or family"):
        main(NanoSettings(recipe="rehearsal", output=output))


def test_a_family_that_is_not_there_is_named_and_nothing_is_begun(tmp_path: Path) -> None:
    output = tmp_path / "further"
    with pytest.raises(ValueError, match=r"--begin: .*missing holds no model family"):
        main(NanoSettings(recipe="cpu-further", begin=tmp_path / "missing", output=output))
    with pytest.raises(ValueError, match="--recipe: cpu-further goes on with a family; give --begin"):
        main(NanoSettings(recipe="cpu-further", output=output))
    assert not output.exists()


def test_an_encoder_that_was_trained_is_not_taken_for_a_transform(made: Path, tmp_path: Path) -> None:
    family = shutil.copytree(made / "models", tmp_path / "family")
    path = family / vae_checkpoint.FOLDER / vae_checkpoint.WEIGHTS
    weights = load_file(path)
    weights["encoder.block.1.conv1.weight_v"] = weights["encoder.block.1.conv1.weight_v"].flip(0)
    save_file(weights, path)
    with pytest.raises(ValueError, match="the encoder of the codec was trained"):
        main(NanoSettings(recipe="rehearsal", begin=family, output=tmp_path / "further"))


def test_a_failure_beside_the_finished_transformer_is_an_error(made: Path, tmp_path: Path) -> None:
    output = shutil.copytree(made, tmp_path / "nano")
    (output / "parts" / "planner.json").unlink()
    (output / "models" / VARIANT / "config.json").write_text("{}")
    with pytest.raises(ValueError, match="a part beside the transformer failed"):
        main(NanoSettings(recipe="rehearsal", output=output, processes=1))


def test_rendering_ends_when_it_is_asked_to(tmp_path: Path) -> None:
    """What was begun is written; a later call writes the others."""
    recipe = replace(RECIPES["rehearsal"], banked_clips=24, clips_per_shard=1)

    def interrupt() -> None:
        while not list(tmp_path.glob("*.json")):
            time.sleep(1e-2)
        signal.raise_signal(signal.SIGTERM)

    thread = threading.Thread(target=interrupt)
    thread.start()
    assert not render_bank(tmp_path, recipe, rate=8000, processes=1)
    thread.join()
    assert 1 <= len(list(tmp_path.glob("*.json"))) < 24
    assert render_bank(tmp_path, recipe, rate=8000, processes=1)
    assert len(list(tmp_path.glob("*.json"))) == 24


def test_a_folder_is_made_by_one_recipe(made: Path) -> None:
    with pytest.raises(ValueError, match=r"recipe\.json: the folder was begun with another recipe"):
        main(NanoSettings(recipe="cpu", output=made))


def test_no_recipe_trains_on_what_is_measured() -> None:
    for recipe in RECIPES.values():
        assert TRAINING_SEEDS + recipe.later_seeds + max(recipe.latent_clips, recipe.banked_clips) < SHORT_SEEDS
        assert SHORT_SEEDS + recipe.later_seeds + recipe.short_clips < HELD_OUT_SEEDS
