"""Songs in words, through both clients, against a gateway that plays scripts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

import quartet
from quartet import Blueprint, Finish, Planned, SamplingProfile, TokenSampling
from quartet.errors import InvalidRequestError
from quartet.exchange import GenerateCall, Retry
from quartet.v1 import music_pb2, planner_pb2, stage_pb2
from tests.quartet.scripted_gateway import ScriptedGateway, scripted_gateway

FAST = Retry(attempts=3, first_pause=0.01, longest_pause=0.02)
SONG = planner_pb2.Blueprint(
    caption="rain", lyrics="[Verse]\nla", metadata=stage_pb2.Metadata(bpm=90, key_scale="C major", duration_seconds=30)
)
BLUEPRINT = Blueprint("rain", "[Verse]\nla", bpm=90, key_scale="C major", duration=30)
ANSWER: dict[str, Any] = {"blueprint": SONG, "genres": "lo-fi", "finish": "FINISH_REASON_LENGTH", "warnings": ["cut"]}


@pytest.fixture
def gateway() -> Iterator[ScriptedGateway]:
    with scripted_gateway() as gateway:
        yield gateway


@pytest.fixture
def client(gateway: ScriptedGateway) -> Iterator[quartet.Client]:
    with quartet.Client(gateway.address, retry=FAST) as client:
        yield client


def test_compose(gateway: ScriptedGateway, client: quartet.Client) -> None:
    gateway.script("Compose", [music_pb2.ComposeResponse(**ANSWER)])
    sampling = TokenSampling(0.5, 0.8, 40, 1.1, SamplingProfile.COMPAT)
    song = client.compose("a sad song", vocal_language="de", sampling=sampling, seed=7, model="small")
    assert song.blueprint == BLUEPRINT
    assert (song.genres, song.finish, song.warnings, song.seed) == ("lo-fi", Finish.LENGTH, ("cut",), 7)
    (request,) = gateway.requests["Compose"]
    assert (request.query, request.vocal_language, request.model) == ("a sad song", "de", "small")
    assert request.sampling == sampling.to_message(7)


def test_a_call_that_finds_no_server_is_tried_again(gateway: ScriptedGateway, client: quartet.Client) -> None:
    gateway.script("Compose", [grpc.StatusCode.UNAVAILABLE], [music_pb2.ComposeResponse(**ANSWER)])
    first = client.compose("a song")
    one, two = gateway.requests["Compose"]
    assert one == two
    assert one.sampling.seed == first.seed


def test_without_a_seed_each_call_has_its_own(gateway: ScriptedGateway, client: quartet.Client) -> None:
    gateway.script("Rewrite", *([music_pb2.RewriteResponse(**ANSWER)] for _ in range(3)))
    seeds = {client.rewrite(BLUEPRINT).seed, client.rewrite(BLUEPRINT, seed=-1).seed, client.rewrite(BLUEPRINT).seed}
    assert len(seeds) == 3
    assert gateway.requests["Rewrite"][0].given == SONG


def test_understand_a_file_an_id_or_codes(gateway: ScriptedGateway, client: quartet.Client, tmp_path: Path) -> None:
    (tmp_path / "a.flac").write_bytes(b"fLaC")
    gateway.script("UploadAudio", [music_pb2.UploadAudioResponse(audio_id="up")])
    gateway.script("Understand", *([music_pb2.UnderstandResponse(codes=[1, 2], **ANSWER)] for _ in range(3)))
    assert client.understand(tmp_path / "a.flac").codes == (1, 2)
    client.understand("earlier")
    client.understand([3, 4])
    sent = [(request.audio_id, list(request.codes)) for request in gateway.requests["Understand"]]
    assert sent == [("up", []), ("earlier", []), ("", [3, 4])]


def test_score(gateway: ScriptedGateway, client: quartet.Client) -> None:
    gateway.script("Score", [music_pb2.ScoreResponse(scores={"reward": 0.5}, warnings=["no lyrics"])])
    assert client.score("job", 2, scale=0.3, skip_tags=True, genres="lo-fi") == quartet.Scores(
        {"reward": 0.5}, None, ("no lyrics",)
    )
    wanted = music_pb2.ScoreRequest(job_id="job", item=2, scale=0.3, skip_tags=True, genres="lo-fi")
    assert gateway.requests["Score"] == [wanted]


def test_lyrics_of_a_job_or_of_a_recording(gateway: ScriptedGateway, client: quartet.Client, tmp_path: Path) -> None:
    (tmp_path / "a.flac").write_bytes(b"fLaC")
    gateway.script("UploadAudio", [music_pb2.UploadAudioResponse(audio_id="up")])
    gateway.script("TranscribeLyricsTiming", *([music_pb2.TranscribeLyricsTimingResponse()] for _ in range(3)))
    client.lyrics_timing("job", 2)
    client.lyrics_timing("earlier", lyrics="la", vocal_language="de")
    client.lyrics_timing(tmp_path / "a.flac", lyrics="la", caption="folk")
    with pytest.raises(InvalidRequestError, match=r"lyrics: is empty; give the words that .*a\.flac has"):
        client.lyrics_timing(tmp_path / "a.flac")
    assert gateway.requests["TranscribeLyricsTiming"] == [
        music_pb2.TranscribeLyricsTimingRequest(job_id="job", item=2),
        music_pb2.TranscribeLyricsTimingRequest(audio_id="earlier", lyrics="la", vocal_language="de"),
        music_pb2.TranscribeLyricsTimingRequest(audio_id="up", lyrics="la", caption="folk"),
    ]


async def test_the_same_awaited(gateway: ScriptedGateway) -> None:
    gateway.script("Compose", [music_pb2.ComposeResponse(**ANSWER)])
    gateway.script("Rewrite", [music_pb2.RewriteResponse(**ANSWER)])
    gateway.script("Understand", [music_pb2.UnderstandResponse(codes=[1], **ANSWER)])
    gateway.script("Score", [music_pb2.ScoreResponse(scores={"reward": 0.5})])
    gateway.script("TranscribeLyricsTiming", [music_pb2.TranscribeLyricsTimingResponse(warnings=["cut"])])
    async with quartet.AsyncClient(gateway.address, retry=FAST) as client:
        assert (await client.compose("a song", instrumental=True)).blueprint == BLUEPRINT
        assert (await client.rewrite(BLUEPRINT)).genres == "lo-fi"
        assert (await client.understand([1])).codes == (1,)
        assert (await client.score("job", genres="lo-fi")).by_name == {"reward": 0.5}
        assert (await client.lyrics_timing("earlier", lyrics="la")).warnings == ("cut",)
    assert gateway.requests["Score"][0].genres == "lo-fi"
    assert gateway.requests["Compose"][0].instrumental


def test_what_no_message_can_say(client: quartet.Client) -> None:
    with pytest.raises(InvalidRequestError):
        client.compose("a song", seed=2**32)
    with pytest.raises(InvalidRequestError):
        client.understand([-1])
    with pytest.raises(InvalidRequestError):
        client.rewrite(BLUEPRINT, sampling=TokenSampling(profile="wild"))
    with pytest.raises(InvalidRequestError):
        client.score("job-1", -1)
    with pytest.raises(InvalidRequestError):
        client.lyrics_timing("job-1", -1)


def test_the_plan_comes_once() -> None:
    call = GenerateCall(music_pb2.SongSpec())
    planned = music_pb2.Job(id="1", plan=music_pb2.SongPlan(blueprint=SONG, thought="bpm: 90"))
    jobs = (music_pb2.Job(id="1"), music_pb2.Job(id="1"), planned, planned)
    events = [call.accept(music_pb2.GenerateResponse(job=job)) for job in jobs]
    assert events[1] is None
    assert events[3] is None
    assert isinstance(events[2], Planned)
    assert events[2].plan.blueprint == BLUEPRINT
