"""Lyrics of songs that follow a source, and of recordings: the DiT listens along what the item was sampled along."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import soundfile

from quartet import (
    Client,
    Complete,
    Cover,
    Edit,
    Extend,
    Extract,
    Lego,
    Region,
    Remix,
    Repaint,
    SongSpec,
    Thinking,
)
from quartet.errors import ConflictError, InvalidRequestError, NotFoundError, from_rpc_error
from quartet.tasks import SourceTask
from quartet.v1 import dit_pb2, encoder_pb2, music_pb2, music_pb2_grpc
from tests.support.audio import tone
from tests.support.processes import running
from tests.support.recording import Recorder

CAPTION, LYRICS, LINES = "a slow waltz", "[Verse]\nlet it rain\nla la", ["let it rain", "la la"]
SECONDS = 2.0
SOURCE = "ab" * 32
TASKS: list[SourceTask] = [
    Cover(SOURCE),
    Cover(SOURCE, from_latents=True, strength=0.5),
    Repaint(SOURCE, (Region(0.5, 1.0),)),
    Repaint(SOURCE, (Region(1.0),), free_mask=True),
    Extend(SOURCE, before=0.4, after=0.6),
    Remix(SOURCE),
    Edit(SOURCE, "a drum"),
    Complete(SOURCE, ("drums",)),
    Lego(SOURCE, "vocals", (Region(0.5),)),
    Extract(SOURCE, ("drums", "vocals")),
]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the gateway."""
    return tmp_path_factory.mktemp("gateway")


@pytest.fixture(scope="module")
def client(stages: dict[str, Recorder], data: Path) -> Iterator[Client]:
    addresses = [part for stage, recorder in stages.items() for part in (f"--{stage}", recorder.address)]
    with running("gateway", *addresses, "--port", "0", "--data", str(data)) as server, Client(server.address) as client:
        yield client


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("source") / "source.wav"
    soundfile.write(path, tone(SECONDS, 48_000, 2), 48_000)
    return path


def song(task: SourceTask, **more: Any) -> SongSpec:
    return SongSpec(CAPTION, LYRICS, task=task, seeds=(7,), steps=1, **more)


@pytest.mark.parametrize("task", TASKS, ids=lambda task: type(task).__name__)
def test_an_item_is_listened_to_along_what_it_was_sampled_along(
    client: Client, stages: dict[str, Recorder], source: Path, task: SourceTask
) -> None:
    """Whether it is asked for with the song or later: the request is the same."""
    earlier = len(stages["dit"].requests("Align", dit_pb2.AlignRequest))
    last = len(task.tracks) - 1 if isinstance(task, Extract) else 0
    record = client.generate(song(replaced(task, client, source), time_lyrics=True)).record
    assert record.warnings == ()
    timing = client.lyrics_timing(record.job_id, last)
    assert [line.text for line in timing.lines] == LINES
    assert record.items[last].lyrics_timing == timing

    *with_the_song, later = stages["dit"].requests("Align", dit_pb2.AlignRequest)[earlier:]
    assert later in with_the_song
    *_, sampled = stages["dit"].requests("Sample", dit_pb2.SampleRequest)
    if last == 0:
        assert (later.condition, later.mask, later.silenced) == (sampled.condition, sampled.mask, sampled.silenced)
        assert later.source_latents == sampled.source_latents


def test_tasks_differ_in_what_is_listened_along(client: Client, stages: dict[str, Recorder], source: Path) -> None:
    for task in (Repaint(SOURCE, (Region(0.5, 1.0),)), Extend(SOURCE, after=0.4), Remix(SOURCE)):
        client.generate(song(replaced(task, client, source), time_lyrics=True))
    repainted, extended, remixed = stages["dit"].requests("Align", dit_pb2.AlignRequest)[-3:]
    assert repainted.HasField("silenced")
    assert extended.HasField("silenced")
    assert extended.source_latents.shape[0] == 50
    assert extended.latents.shape[0] == 60
    assert not remixed.HasField("source_latents")


def test_a_source_that_is_gone_is_named(client: Client, data: Path, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "gone.wav", tone(SECONDS, 48_000, 2, hertz=220), 48_000)
    gone = client.upload(tmp_path / "gone.wav").audio_id
    repainted = client.generate(song(Repaint(gone, (Region(1.0),)))).record
    remixed = client.generate(song(Remix(gone))).record
    (data / "audio" / gone[:2] / gone).unlink()
    with pytest.raises(NotFoundError, match=f"{gone}.*it is the source that the song was made with; upload it again"):
        client.lyrics_timing(repainted.job_id)
    assert client.lyrics_timing(remixed.job_id).lines, "what does not hear its source needs none"
    client.upload(tmp_path / "gone.wav")
    assert client.lyrics_timing(repainted.job_id).lines


def test_the_reference_is_heard_again(client: Client, stages: dict[str, Recorder], data: Path, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "voice.wav", tone(SECONDS, 48_000, 2, hertz=330), 48_000)
    voice = client.upload(tmp_path / "voice.wav").audio_id
    spec = SongSpec(CAPTION, LYRICS, duration=SECONDS, reference_audio_id=voice, steps=1, time_lyrics=True)
    record = client.generate(spec).record
    assert client.lyrics_timing(record.job_id) == record.items[0].lyrics_timing
    with_the_song, later = stages["dit"].requests("Align", dit_pb2.AlignRequest)[-2:]
    assert later == with_the_song
    (data / "audio" / voice[:2] / voice).unlink()
    with pytest.raises(NotFoundError, match=f"{voice}.*it is the reference that the song was made with"):
        client.lyrics_timing(record.job_id)


def test_a_recording_is_listened_to_with_its_words(client: Client, stages: dict[str, Recorder], source: Path) -> None:
    timing = client.lyrics_timing(source, lyrics=LYRICS, caption="a tone", vocal_language="EN")
    assert [line.text for line in timing.lines] == LINES
    assert timing.lines[-1].end <= SECONDS
    *_, words = stages["encoder"].requests("Encode", encoder_pb2.EncodeRequest)
    assert (words.caption, words.lyrics, words.metadata.vocal_language) == ("a tone", LYRICS, "en")
    *_, heard = stages["dit"].requests("Align", dit_pb2.AlignRequest)
    assert heard.latents.shape[0] == 50
    assert not heard.HasField("source_latents")
    assert client.lyrics_timing(client.upload(source).audio_id, lyrics="hey").lines != timing.lines


def test_a_result_is_listened_to_as_the_song_that_it_is(client: Client) -> None:
    spec = SongSpec(CAPTION, LYRICS, duration=SECONDS, seeds=(7,), steps=1, thinking=Thinking.none())
    record = client.generate(spec).record
    as_recording = client.lyrics_timing(record.items[0].audio_id, lyrics=LYRICS, caption=CAPTION)
    assert as_recording == client.lyrics_timing(record.job_id)


@pytest.mark.parametrize(
    ("fields", "invalid"),
    [
        ({}, {"audio_id"}),
        ({"job_id": "1" * 24, "audio_id": SOURCE}, {"audio_id"}),
        (
            {"job_id": "1" * 24, "lyrics": "la", "caption": "a", "vocal_language": "en"},
            {"lyrics", "caption", "vocal_language"},
        ),
        ({"audio_id": SOURCE}, {"lyrics"}),
        ({"audio_id": SOURCE, "lyrics": "[Instrumental]"}, {"lyrics"}),
        (
            {"audio_id": SOURCE, "lyrics": "l" * 32_769, "caption": "c" * 8_193, "item": 1},
            {"lyrics", "caption", "item"},
        ),
        ({"audio_id": SOURCE, "lyrics": "la", "vocal_language": "tlh"}, {"vocal_language"}),
    ],
)
def test_what_is_wrong_with_a_request_is_named(client: Client, fields: dict[str, Any], invalid: set[str]) -> None:
    with grpc.insecure_channel(client.address) as channel, pytest.raises(grpc.RpcError) as refused:
        music_pb2_grpc.MusicServiceStub(channel).TranscribeLyricsTiming(
            music_pb2.TranscribeLyricsTimingRequest(**fields)
        )
    error = from_rpc_error(refused.value)
    assert isinstance(error, InvalidRequestError)
    assert {violation.field for violation in error.violations} == invalid


def test_recordings_that_cannot_be_listened_to(client: Client, source: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="audio 'unknown'"):
        client.lyrics_timing("unknown", lyrics="la")
    soundfile.write(tmp_path / "silence.wav", tone(SECONDS, 48_000, 2) * 0, 48_000)
    with pytest.raises(InvalidRequestError, match="audio_id: is silent"):
        client.lyrics_timing(tmp_path / "silence.wav", lyrics="la")
    soundfile.write(tmp_path / "short.wav", tone(0.03, 48_000, 2), 48_000)
    with pytest.raises(InvalidRequestError, match=r"audio_id: lasts 0\.03 s"):
        client.lyrics_timing(tmp_path / "short.wav", lyrics="la")
    silent = client.generate(SongSpec(CAPTION, task=Remix(client.upload(source).audio_id), steps=1)).record
    with pytest.raises(ConflictError, match="no lyrics that are sung"):
        client.lyrics_timing(silent.job_id)


def replaced(task: SourceTask, client: Client, source: Path) -> SourceTask:
    """The task with the upload as its source."""
    return dataclasses.replace(task, source=client.upload(source).audio_id)
