"""The instrumental switch: nothing is sung, and the lyrics are there for when it is switched off."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from quartet import Client, load_record, save_record
from quartet.errors import ConflictError
from quartet.songs import SongSpec
from quartet.tasks import Cover

SUNG = SongSpec("rain on a tin roof", "[Verse]\nlet it rain", duration=1.0, seeds=(3,), steps=2)
INSTRUMENTAL = dataclasses.replace(SUNG, instrumental=True)


@pytest.fixture(scope="module")
def client(gateway_address: str) -> Iterator[Client]:
    with Client(gateway_address) as client:
        yield client


def test_an_instrumental_is_the_song_of_no_lyrics_and_keeps_its_own(client: Client, tmp_path: Path) -> None:
    made = client.generate(INSTRUMENTAL)
    assert made.files == client.generate(dataclasses.replace(SUNG, lyrics="[Instrumental]")).files
    assert (made.record.song.lyrics, made.record.song.instrumental) == (SUNG.lyrics, True)
    assert made.record.plan.blueprint.lyrics == "[Instrumental]"
    again = load_record(save_record(made.record, tmp_path / "song.json")).spec_of()
    assert client.generate(again).files == made.files
    sung = client.generate(dataclasses.replace(again, instrumental=False))
    assert sung.files == client.generate(SUNG).files != made.files


def test_nothing_is_sung_in_an_instrumental(client: Client) -> None:
    source = client.generate(INSTRUMENTAL).record
    cover = client.generate(dataclasses.replace(INSTRUMENTAL, task=Cover(source.items[0].audio_id))).record
    for record in (source, cover):
        with pytest.raises(ConflictError, match="no lyrics that are sung") as refused:
            client.lyrics_timing(record.job_id)
        assert refused.value.reason == "NO_LYRICS"
