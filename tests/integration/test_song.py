"""Songs through the whole chain: what is streamed, what the file holds, what the record says, and that it repeats."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from mutagen.flac import FLAC

from quartet import Client
from quartet.events import AudioChunk, Event, Finished, JobAccepted, Planned, Progress, Record
from quartet.songs import AudioFormat, SongSpec
from tests.support.audio import decoded, tone, write_with_ffmpeg

CAPTION = "a slow piano over rain"
LYRICS = "[Verse]\nthe morning train is late again\n[Chorus]\nand no one minds"


@pytest.fixture(scope="module")
def client(gateway_address: str) -> Iterator[Client]:
    with Client(gateway_address) as client:
        yield client


def made(client: Client, spec: SongSpec) -> tuple[list[Event], list[bytes], Record]:
    """All events of a song, its files and its record."""
    events = list(client.stream(spec))
    last = events[-1]
    assert isinstance(last, Finished)
    files = [bytearray() for _ in last.record.items]
    for event in events:
        if isinstance(event, AudioChunk):
            files[event.item] += event.data
    return events, [bytes(file) for file in files], last.record


def pcm_of(file: bytes) -> np.ndarray:
    return soundfile.read(io.BytesIO(file), always_2d=True)[0]


def test_a_song_streams_progress_then_audio_then_its_record(client: Client) -> None:
    events, (file,), record = made(client, SongSpec(CAPTION, LYRICS, duration=2.0, seeds=(7,), bpm=92))
    assert isinstance(events[0], JobAccepted)
    kinds = [type(event) for event in events[1:]]
    first_audio = kinds.index(AudioChunk)
    assert set(kinds[:first_audio]) == {Planned, Progress}
    assert set(kinds[first_audio:-1]) == {AudioChunk}

    progress = [event for event in events if isinstance(event, Progress)]
    assert [(p.step, p.steps) for p in progress if p.stage == "sample"] == [(step, 8) for step in range(1, 9)]
    decoded = [(p.step, p.steps) for p in progress if p.stage == "decode"]
    assert decoded[-1] == (96_000, 96_000)
    stages = list(dict.fromkeys(p.stage for p in progress))
    assert stages == ["encode", "sample", "decode", "write"]

    (item,) = record.items
    assert item.sha256 == hashlib.sha256(file).hexdigest()
    assert (item.seed, item.samples, item.sample_rate, item.channels) == (7, 96_000, 48_000, 2)
    assert record.song.seeds == (7,)
    assert record.song.model == "acestep-v15-turbo"
    assert set(record.models) == {"encoder", "dit", "vae"}
    assert all(model.revision for model in record.models.values())
    assert [timing.stage for timing in record.timings] == stages
    assert all(timing.queue + timing.compute <= timing.total for timing in record.timings)
    assert all(timing.compute > 0 for timing in record.timings if timing.stage != "write")
    assert max(timing.start + timing.total for timing in record.timings) <= record.total

    pcm = pcm_of(file)
    assert pcm.shape == (96_000, 2)
    assert np.abs(pcm).max() == pytest.approx(10 ** (-1 / 20), abs=1e-4)


def test_open_choices_are_made_and_reported(client: Client) -> None:
    song = client.generate(SongSpec(CAPTION, duration=1.0, items=2, seeds=(5,)))
    assert song.record.song.lyrics == "[Instrumental]"
    assert song.record.song.items == 2
    first, second = song.record.song.seeds
    assert first == 5
    assert 0 <= second < 2**32


def test_the_same_seed_gives_the_same_bytes(client: Client) -> None:
    spec = SongSpec(CAPTION, LYRICS, duration=1.5, seeds=(11,))
    first, again = client.generate(spec), client.generate(spec)
    other = client.generate(spec, seed=12)
    assert first.files == again.files
    assert first.record.job_id != again.record.job_id
    assert first.files != other.files


def test_one_of_eight_can_be_made_again_alone_from_its_record(client: Client) -> None:
    eight = client.generate(SongSpec(CAPTION, LYRICS, duration=1.0, items=8, seeds=(1, 2, 3)))
    assert len({item.sha256 for item in eight.record.items}) == 8
    (alone,) = client.generate(eight.record.spec_of(3)).files
    assert alone == eight.files[3]


def test_the_prompt_is_encoded_once_for_all_items(client: Client) -> None:
    record = client.generate(SongSpec(CAPTION, duration=1.0, items=3)).record
    assert [t.stage for t in record.timings if t.stage == "encode"] == ["encode"]
    assert [(t.stage, t.item) for t in record.timings if t.stage == "sample"] == [("sample", i) for i in range(3)]


@pytest.mark.parametrize(("seconds", "frames"), [(1.0, 25), (1.03, 25), (1.04, 26), (5.12, 128), (6.5, 162)])
def test_a_song_has_the_whole_latent_frames_of_its_duration(client: Client, seconds: float, frames: int) -> None:
    song = client.generate(SongSpec(CAPTION, duration=seconds, format=AudioFormat.WAV16))
    assert song.record.items[0].samples == frames * 1920
    assert len(pcm_of(song.files[0])) == frames * 1920


@pytest.mark.parametrize("audio_format", AudioFormat)
def test_every_format(client: Client, tmp_path: Path, audio_format: AudioFormat) -> None:
    song = client.generate(SongSpec(CAPTION, duration=1.0, format=audio_format))
    assert song.record.items[0].format is audio_format
    pcm, rate = decoded(song.save(tmp_path / f"song{audio_format.suffix}")[0])
    assert (pcm.shape, rate) == ((48_000, 2), 48_000)


def test_another_sample_rate_and_tags(client: Client, tmp_path: Path) -> None:
    spec = SongSpec(CAPTION, LYRICS, duration=1.0, seeds=(4,), bpm=92, sample_rate=44_100)
    song = client.generate(spec)
    assert (song.record.items[0].samples, song.record.items[0].sample_rate) == (44_100, 44_100)
    tags = FLAC(io.BytesIO(song.files[0])).tags
    assert {name: tags[name] for name in ("TITLE", "BPM", "SEED", "MODEL", "LYRICS")} == {
        "TITLE": [song.record.song.title],
        "BPM": ["92"],
        "SEED": ["4"],
        "MODEL": ["acestep-v15-turbo"],
        "LYRICS": [LYRICS],
    }
    assert song.record.song.title == CAPTION
    assert client.generate(spec).files == song.files
    bare = client.generate(spec, no_tags=True)
    assert "TITLE" not in FLAC(io.BytesIO(bare.files[0])).tags
    assert np.array_equal(pcm_of(bare.files[0]), pcm_of(song.files[0]))


def test_fades_and_level(client: Client) -> None:
    spec = SongSpec(CAPTION, duration=2.0, seeds=(3,), format=AudioFormat.WAV32F, peak_dbfs=-6.0)
    plain = pcm_of(client.generate(spec).files[0])
    assert np.abs(plain).max() == pytest.approx(10 ** (-6 / 20), abs=1e-6)
    faded = pcm_of(client.generate(spec, fade_in=0.5, fade_out=1.0).files[0])
    assert faded[12_000] == pytest.approx(plain[12_000] / 2, abs=1e-6)
    assert faded[30_000] == pytest.approx(plain[30_000], abs=1e-6)
    assert faded[-1] == pytest.approx([0, 0])


def test_a_reference_changes_the_song_and_a_result_can_be_one(client: Client, tmp_path: Path) -> None:
    time = np.arange(44_100 * 4) / 44_100
    soundfile.write(tmp_path / "reference.flac", 0.4 * np.sin(2 * np.pi * 220 * time), 44_100)
    spec = SongSpec(CAPTION, duration=1.0, seeds=(9,))
    without = client.generate(spec)
    with_file = client.generate(spec, reference=tmp_path / "reference.flac")
    assert with_file.files != without.files
    assert with_file.record.timings[0].stage == "reference"
    assert client.generate(spec, reference=tmp_path / "reference.flac").files == with_file.files
    film = write_with_ffmpeg(tmp_path / "voice.webm", tone(2, 48_000, 1), 48_000, "libopus", "webm")
    assert client.generate(spec, reference=film).files not in (without.files, with_file.files)
    of_result = client.generate(spec, reference_audio_id=without.record.items[0].audio_id)
    assert of_result.files != without.files


def test_sampling_options_reach_the_sampler(client: Client) -> None:
    song = client.generate(SongSpec(CAPTION, duration=1.0, timesteps=(1.0, 0.75, 0.5), guidance=4.0, method="sde"))
    assert song.record.items[0].timesteps == pytest.approx((1.0, 0.75, 0.5))
    assert any("guidance is ignored" in warning for warning in song.record.warnings)


def test_models_and_capacity(client: Client) -> None:
    (model,) = client.models()
    assert (model.model.id, model.is_turbo, model.min_duration) == ("acestep-v15-turbo", True, 1.0)
    capacity = client.capacity()
    assert {replica.stage: replica.ready for replica in capacity.replicas} == dict.fromkeys(
        ("encoder", "dit", "vae"), True
    )
