"""Words over noise come before music, and teach the transformer where in bar and beat it is."""

import pytest
import torch

from services.encoder.tokenization import PromptTokenizer
from tests.training.dit.conftest import SIZE, examples
from training.clock import with_clock
from training.dit.examples import ExampleSettings
from training.dit.network import SongModel
from training.dit.primer import Primed, PrimerSettings
from training.dit.task import LossWeights, SongTask
from training.latents import LatentStore
from training.vae.energies import ENERGIES

SETTINGS = ExampleSettings(frames_per_batch=200)
PRIMER = PrimerSettings(primer_batches=3, primer_items=4, primer_frames=6)


def primed(store: LatentStore, tokenizer: PromptTokenizer, primer: PrimerSettings = PRIMER) -> Primed:
    music = examples(store, tokenizer, SETTINGS)
    return Primed(music, tokenizer, store.silence, SIZE.reference_frames, primer, seed=0)


def test_music_comes_after_so_many_batches_of_words(store: LatentStore, tokenizer: PromptTokenizer) -> None:
    drawn = primed(store, tokenizer)
    assert [all(each.is_music for each in drawn.batch(number)) for number in range(5)] == [False] * 3 + [True] * 2
    music = examples(store, tokenizer, SETTINGS)
    assert [each.caption for each in drawn.batch(4)] == [each.caption for each in music.batch(4)]


def test_words_come_again_between_the_music(store: LatentStore, tokenizer: PromptTokenizer) -> None:
    drawn = primed(store, tokenizer, PrimerSettings(primer_batches=2, primer_every=4, primer_items=2, primer_frames=6))
    assert [number for number in range(10) if not drawn.batch(number)[0].is_music] == [0, 1, 4, 8]


def test_a_batch_of_words_is_always_the_same(store: LatentStore, tokenizer: PromptTokenizer) -> None:
    first, again = (primed(store, tokenizer).batch(1) for _ in range(2))
    assert len(first) == 4
    for one, other in zip(first, again, strict=True):
        assert (one.caption, one.first_frame) == (other.caption, other.first_frame)
        assert torch.equal(one.noise, other.noise)
    assert len({each.asked.facts.bpm for each in first}) > 1


def test_its_silence_begins_where_its_places_do(store: LatentStore, tokenizer: PromptTokenizer) -> None:
    wide = torch.zeros(6000, 2 * ENERGIES)
    for each in primed(LatentStore(store.entries, store.shards, with_clock(wide)), tokenizer).batch(0):
        assert torch.equal(each.framed.source, with_clock(wide)[each.first_frame : each.first_frame + 6])


def test_words_over_noise_teach_places_and_leave_velocities_alone(
    model: SongModel, store: LatentStore, tokenizer: PromptTokenizer
) -> None:
    drawn = primed(store, tokenizer, PrimerSettings(primer_batches=1000, primer_items=4, primer_frames=6))
    task = SongTask(model, drawn, drawn, frames_per_batch=200, weights=LossWeights(places=2.0), bfloat16=False)
    loss, parts = task.loss(0)
    errors = {name: float(error.detach()) for name, error in parts.items()}
    assert set(errors) == {"answers", "places"}
    assert float(loss.detach()) == pytest.approx(0.05 * errors["answers"] + 2 * errors["places"])
    loss.backward()  # type: ignore[no-untyped-call]
    assert model.places.weight.grad is not None
    assert model.decoder.proj_out[1].weight.grad is None
