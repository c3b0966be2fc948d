"""Each task as the served chain lays it out (spec/model.md §4)."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from training.dit.tasks import Task, frame
from training.latents import LatentStore, tiled


def test_text_to_music_has_silence_and_is_free_everywhere(store: LatentStore) -> None:
    entry = store.entries[0]
    framed = frame(np.random.default_rng(0), Task.TEXT_TO_MUSIC, store, entry, entry)
    assert torch.equal(framed.target, store.mix(entry))
    assert torch.equal(framed.source, tiled(store.silence, entry.frames))
    assert framed.mask.eq(1).all()


def test_a_repaint_keeps_its_source_outside_of_the_mask(store: LatentStore) -> None:
    entry = store.entries[0]
    framed = frame(np.random.default_rng(0), Task.REPAINT, store, entry, entry)
    kept = framed.mask == 0
    assert 0 < kept.sum() < entry.frames
    assert torch.equal(framed.source[kept], store.mix(entry)[kept])
    silence = framed.source[~kept]
    assert torch.equal(silence, tiled(store.silence, len(silence)))


def test_the_clock_of_a_repaint_does_not_tell_its_beats(store: LatentStore) -> None:
    counting = replace(store, silence=torch.arange(500.0)[:, None].expand(-1, store.silence.shape[1]))
    entry = store.entries[0]
    first = {
        int(frame(np.random.default_rng(seed), Task.TEXT_TO_MUSIC, counting, entry, entry).source[0, 0])
        for seed in range(9)
    }
    assert first == {0}
    late = set()
    for seed in range(9):
        framed = frame(np.random.default_rng(seed), Task.REPAINT, counting, entry, entry)
        place = int(framed.mask.argmax())
        late.add((int(framed.source[place, 0]) - place) % 500)
    assert len(late) > 5


@pytest.mark.parametrize(
    ("task", "source", "target"),
    [
        (Task.EXTRACT, "mix", "stem"),
        (Task.LEGO, "rest", "stem"),
        (Task.COMPLETE, "rest", "mix"),
    ],
)
def test_stems_go_in_and_come_out(store: LatentStore, task: Task, source: str, target: str) -> None:
    entry = store.entries[0]
    framed = frame(np.random.default_rng(0), task, store, entry, entry)
    assert torch.equal(framed.source, getattr(store, source)(entry))
    assert torch.equal(framed.target, getattr(store, target)(entry))
    assert framed.mask.eq(1).all()
    assert entry.stem.upper() in framed.instruction


def test_a_cover_hears_itself_another_style_or_another_piece(store: LatentStore) -> None:
    entry, other = store.entries[0], store.entries[1]
    heard = {"itself": store.mix(entry), "style": store.cover(entry), "piece": store.mix(other)}
    found = Counter[str]()
    for seed in range(1000):
        framed = frame(np.random.default_rng(seed), Task.COVER, store, entry, other)
        assert torch.equal(framed.target, store.mix(entry))
        found[next(name for name, latents in heard.items() if torch.equal(framed.source, latents))] += 1
    shares = {name: count / found.total() for name, count in found.items()}
    assert shares == pytest.approx({"itself": 0.4, "style": 0.45, "piece": 0.15}, abs=0.05)


def test_the_source_of_a_cover_ends_in_silence_where_a_code_reaches_beyond_it(store: LatentStore) -> None:
    entry = replace(store.entries[0], frames=98)
    framed = frame(np.random.default_rng(0), Task.COVER, store, entry, entry)
    assert torch.equal(framed.source[:98], store.mix(entry))
    assert torch.equal(framed.source[98:], tiled(store.silence, 2))
    assert len(framed.target) == 98


@given(frames=st.integers(1, 200), held=st.integers(1, 50))
def test_silence_is_as_long_as_it_has_to_be(frames: int, held: int) -> None:
    silence = torch.arange(held, dtype=torch.float32)[:, None]
    out = tiled(silence, frames)
    assert len(out) == frames
    assert out[:, 0].tolist() == [frame % held for frame in range(frames)]
