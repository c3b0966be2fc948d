"""Songs of every task are made again from their saved record: all of them, and one alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile

from quartet import Client, differences, load_record, save_record
from quartet.documents import read_as, read_json, to_json
from quartet.songs import SongSpec
from quartet.tasks import (
    Complete,
    Cover,
    Edit,
    Extend,
    Extract,
    Lego,
    NewSong,
    Region,
    Remix,
    Repaint,
    Retake,
    Task,
    TextToMusic,
)
from tests.support.audio import tone

SOURCE = "ab" * 32
ANY_MODEL: list[Task] = [
    TextToMusic(),
    Retake(0.3),
    Cover(SOURCE),
    Cover(SOURCE, from_latents=True, strength=0.5, blend=True, noise_strength=0.2),
    Repaint(SOURCE, (Region(0.5, 1.0), Region(1.5)), mode="balanced", strength=0.4),
    Extend(SOURCE, 1.0, 1.0),
    Remix(SOURCE, 0.5),
    Edit(SOURCE, "a drum", n_min=0.1, n_max=0.9, n_avg=2),
]
BASE_MODEL: list[Task] = [Extract(SOURCE, ("vocals", "drums")), Lego(SOURCE, "bass"), Complete(SOURCE)]


@pytest.fixture(scope="module")
def client(gateway_address: str) -> Iterator[Client]:
    with Client(gateway_address) as client:
        yield client


@pytest.mark.parametrize("task", [*ANY_MODEL, *BASE_MODEL])
def test_every_task_reads_back(task: Task) -> None:
    spec = SongSpec("piano", task=task)
    assert read_as(SongSpec, read_json(to_json(spec), "song"), "song") == spec


@pytest.mark.parametrize("task", ANY_MODEL, ids=lambda task: type(task).__name__)
def test_two_songs_of_a_task_are_made_again(client: Client, tmp_path: Path, task: Task) -> None:
    seconds = 1.0
    if not isinstance(task, NewSong):
        soundfile.write(tmp_path / "source.wav", tone(2, 48_000, 2), 48_000)
        task, seconds = dataclasses.replace(task, source=client.upload(tmp_path / "source.wav").audio_id), 0.0
    song = client.generate(SongSpec("piano", task=task, items=2, seeds=(3,), duration=seconds, steps=2))
    record = load_record(save_record(song.record, tmp_path / "song.json"))
    assert record == song.record
    assert differences(record, client.capacity().models) == ()
    assert song.files[0] != song.files[1]
    assert client.generate(record.spec_of()).files == song.files
    assert client.generate(record.spec_of(1)).files == song.files[1:]
