"""The trainer of the DiT package: it learns, goes on where it was, and what it writes is what is served."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from services.dit import checkpoint as dit_checkpoint
from services.dit.config import DitConfig
from services.dit.model import Branch
from services.encoder import checkpoint as encoder_checkpoint
from services.encoder.config import EncoderConfig
from services.encoder.model import Words
from services.encoder.tokenization import PromptTokenizer
from serving.settings import SettingsError
from tests.training.dit.conftest import SIZE, examples
from training.dit.__main__ import DitTrainingSettings, read_plans
from training.dit.examples import Example, ExampleSettings
from training.dit.export import write_package, write_text_encoder
from training.dit.network import Item, SongModel
from training.dit.task import LossWeights, SongTask
from training.dit.tasks import FRAMES_PER_CODE, Task
from training.latents import LatentStore, LatentStoreError
from training.loop import LoopSettings, run
from training.planner.codes import Kept, keep
from training.tiny_tokenizer import write_tiny_tokenizer
from training.weights import initialise, original_tensors, weights

SETTINGS = ExampleSettings(frames_per_batch=200)


def task_of(model: SongModel, store: LatentStore, tokenizer: PromptTokenizer, *, fixed_codes: bool = False) -> SongTask:
    drawn = examples(store, tokenizer, SETTINGS)
    return SongTask(
        model,
        drawn,
        drawn,
        frames_per_batch=SETTINGS.frames_per_batch,
        weights=LossWeights(0.5, 0.05, 0.3),
        fixed_codes=fixed_codes,
        bfloat16=False,
    )


def test_it_learns_two_clips(model: SongModel, store: LatentStore, tokenizer: PromptTokenizer, tmp_path: Path) -> None:
    task = task_of(model, store, tokenizer)
    with torch.no_grad():
        before = {name: float(value) for name, value in task.loss(0)[1].items()}
    loop = LoopSettings(
        steps=150, learning_rate=3e-3, warmup_steps=10, sample_every=150, save_every=150, ema_decay=0.95
    )
    after = run(task, loop, tmp_path).measured
    assert after["flow"] < 0.6 * before["flow"]
    assert after["codes"] < 0.6 * before["codes"]


def test_codes_that_are_fixed_stay_as_they_are(
    model: SongModel, store: LatentStore, tokenizer: PromptTokenizer, tmp_path: Path
) -> None:
    task = task_of(model, store, tokenizer, fixed_codes=True)
    before = {name: tensor.clone() for name, tensor in model.package.named_parameters()}
    outcome = run(task, LoopSettings(steps=5, learning_rate=1e-2, warmup_steps=1), tmp_path)
    assert "codes" not in outcome.measured
    moved = [name for name, tensor in before.items() if not torch.equal(outcome.averaged[f"package.{name}"], tensor)]
    assert any(name.startswith("encoder.") for name in moved)
    assert not any(name.startswith(("tokenizer.", "detokenizer.")) for name in moved)


def test_a_cover_hears_the_plan_that_it_has(model: SongModel, store: LatentStore, tokenizer: PromptTokenizer) -> None:
    """Codes of its own source make no difference, others do."""
    for parameter in model.parameters():
        parameter.data += 0.05 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1))
    drawn = examples(store, tokenizer, SETTINGS)
    cover = next(each for n in range(50) for each in drawn.batch(n) if each.framed.task is Task.COVER)
    windows = cover.framed.source.view(-1, FRAMES_PER_CODE, SIZE.latent_channels)

    @dataclass(frozen=True)
    class Always:
        codes: Sequence[int]

        def batch(self, number: int) -> Sequence[Example]:
            return [replace(cover, framed=replace(cover.framed, codes=self.codes))]

    def flow(codes: Sequence[int]) -> float:
        task = SongTask(
            model,
            Always(codes),
            Always(codes),
            frames_per_batch=SETTINGS.frames_per_batch,
            weights=LossWeights(0.5, 0.05, 0.3),
            fixed_codes=True,
            bfloat16=False,
        )
        return float(task.loss(0)[1]["flow"].detach())

    with torch.no_grad():
        own = model.package.tokenizer(windows).tolist()
    assert flow(own) == pytest.approx(flow(()), rel=1e-5)
    assert flow([code ^ 1 for code in own]) != pytest.approx(flow(()), rel=1e-5)


def test_plans_that_cannot_be_followed_are_refused(latents: Path, tmp_path: Path) -> None:
    settings = DitTrainingSettings(data=tmp_path, planned=0.4, codes="fixed")
    with pytest.raises(SettingsError, match=r"--planned: .* give --codes fixed"):
        read_plans(replace(settings, codes="trained"), 16)
    for file in latents.glob("*.*"):
        shutil.copy(file, tmp_path)
    with pytest.raises(LatentStoreError, match=r"clips\.plans\.safetensors: .*python -m training\.planner\.plans"):
        read_plans(settings, 16)
    plan, none = torch.arange(12), torch.empty(0, dtype=torch.int32)
    for codes, size in (((none, none), 16), ((plan, none), 8)):
        keep(tmp_path / f"clips{Kept.PLANS}", {}, 16, codes)
        with pytest.raises(LatentStoreError, match=f"in 16 audio codes, the package has {size}"):
            read_plans(settings, size)
    assert read_plans(settings, 16) == {(3, 4.0): list(range(12))}
    assert read_plans(replace(settings, planned=0.0), 16) == {}


def test_it_goes_on_bit_by_bit(
    configs: tuple[dict[str, Any], dict[str, Any]], store: LatentStore, tokenizer: PromptTokenizer, tmp_path: Path
) -> None:
    def trained(folder: Path, *steps: int) -> dict[str, torch.Tensor]:
        for total in steps:
            model = SongModel(*configs)
            initialise(model, seed=0)
            loop = LoopSettings(steps=total, warmup_steps=0, final_rate=1.0, sample_every=100, save_every=100)
            outcome = run(task_of(model, store, tokenizer), loop, folder)
        return dict(outcome.averaged)

    whole, in_parts = trained(tmp_path / "whole", 6), trained(tmp_path / "parts", 3, 6)
    assert all(torch.equal(in_parts[name], tensor) for name, tensor in whole.items())


def test_every_weight_learns(model: SongModel, store: LatentStore, tokenizer: PromptTokenizer) -> None:
    """Gates begin at zero and let nothing through; after some steps all do."""
    task = task_of(model, store, tokenizer)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for number in range(30):
        optimizer.zero_grad()
        task.loss(number)[0].backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    for parameter in model.parameters():
        parameter.grad = None
    for number in range(30, 50):
        task.loss(number)[0].backward()  # type: ignore[no-untyped-call]
    still = [name for name, parameter in model.named_parameters() if parameter.grad is None or not parameter.grad.any()]
    assert not still


def test_what_is_written_is_what_is_served(
    model: SongModel, configs: tuple[dict[str, Any], dict[str, Any]], store: LatentStore, tmp_path: Path
) -> None:
    package, text = configs
    (tmp_path / encoder_checkpoint.TEXT_ENCODER).mkdir()
    write_tiny_tokenizer(tmp_path / encoder_checkpoint.TEXT_ENCODER, append_end_of_text=True)
    for parameter in model.parameters():
        parameter.data += 0.05 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1))
        parameter.data = parameter.data.bfloat16().float()
    write_package(tmp_path, "nano", model, package, store.silence, frames=200)
    write_text_encoder(tmp_path, model.text_encoder, text)
    cpu = torch.device("cpu")
    encoder = encoder_checkpoint.load(tmp_path, "nano", dtype=torch.float32, device=cpu)
    dit = dit_checkpoint.load(tmp_path, "nano", dtype=torch.float32, device=cpu)
    latents = store.mix(store.entries[0])
    reference = latents[: SIZE.reference_frames]
    context = torch.cat((latents, torch.ones_like(latents)), dim=1)
    caption, lyrics = [5, 9, 200, 12], [7, 8, 9]
    condition = encoder.model.encode([Words(caption, lyrics, (reference,))])[0]
    with torch.no_grad():
        items = [Item(latents, context, 0.7, caption, lyrics, reference)]
        ours = model(items, model.conditions(items)).velocities[0]
        theirs = dit.model([Branch(latents, context, dit.model.cache_condition(condition), 0.7)])[0]
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)
    windows = latents[:50].view(10, 5, -1)
    with torch.no_grad():
        hints = encoder.model.detokenize(encoder.model.tokenize(windows))
        torch.testing.assert_close(model.hints(windows), hints, rtol=1e-4, atol=1e-4)
        found = model.hints_of(encoder.model.tokenize(windows).tolist())
        torch.testing.assert_close(found, hints.flatten(0, 1), rtol=1e-4, atol=1e-4)


def test_keys_are_those_of_the_original_layout(
    model: SongModel, configs: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    package, _ = configs
    written = {**original_tensors(model.package), **original_tensors(model.decoder, "decoder.")}
    wanted = {
        **encoder_checkpoint.tensor_shapes(EncoderConfig.from_json(package)),
        **dit_checkpoint.tensor_shapes(DitConfig.from_json(package)),
    }
    assert {key: tuple(tensor.shape) for key, tensor in written.items()} == wanted


def test_other_weights_are_lent_for_a_while(model: SongModel) -> None:
    own = {name: parameter.clone() for name, parameter in model.named_parameters()}
    zeros = {name: torch.zeros_like(tensor) for name, tensor in own.items()}
    with weights(model, zeros):
        assert not any(parameter.any() for parameter in model.parameters())
    assert all(torch.equal(parameter, own[name]) for name, parameter in model.named_parameters())


def test_latents_that_cannot_be_trained_on_are_refused_by_file_and_reason(latents: Path, tmp_path: Path) -> None:
    with pytest.raises(LatentStoreError, match="holds no latents"):
        LatentStore.open(tmp_path)
    folder = tmp_path / "short"
    shutil.copytree(latents, folder)
    held = np.load(folder / "clips.npy")
    np.save(folder / "clips.npy", held[:-1])
    with pytest.raises(LatentStoreError, match=rf"clips\.npy: has shape .*, expected {len(held)} frames"):
        LatentStore.open(folder)
    held[5] = np.nan
    np.save(folder / "clips.npy", held)
    store = LatentStore.open(folder)
    with pytest.raises(LatentStoreError, match=r"clips\.npy: latents of seed 3 are not finite"):
        store.mix(store.entries[0])
    (folder / "clips.json").write_text("{")
    with pytest.raises(LatentStoreError, match=r"clips\.json: is not a shard of latents"):
        LatentStore.open(folder)
