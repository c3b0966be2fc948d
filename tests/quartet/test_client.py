"""Both clients against a gateway that plays scripts: what they send, deliver, repeat and refuse."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

import grpc
import pytest

import quartet
from quartet import errors
from quartet.events import AudioChunk, Event, Finished, JobAccepted, JobChanged, JobState, Progress
from quartet.exchange import Attempts, Retry
from quartet.v1 import music_pb2
from tests.quartet.scripted_gateway import (
    AUDIO,
    ScriptedGateway,
    accepted,
    audio,
    job,
    progress,
    record,
    scripted_gateway,
    spec,
    whole_call,
)

FAST = Retry(attempts=3, first_pause=0.01, longest_pause=0.02)
DOWN = grpc.StatusCode.UNAVAILABLE


@pytest.fixture
def gateway() -> Iterator[ScriptedGateway]:
    with scripted_gateway() as gateway:
        yield gateway


@pytest.fixture
def client(gateway: ScriptedGateway) -> Iterator[quartet.Client]:
    with quartet.Client(gateway.address, retry=FAST) as client:
        yield client


def test_generate_gives_the_files_and_the_record(
    gateway: ScriptedGateway, client: quartet.Client, tmp_path: Path
) -> None:
    gateway.script("Generate", whole_call())
    events: list[Event] = []
    song = client.generate("piano", items=2, seeds=(5, 6), on_event=events.append)
    assert song.files == AUDIO
    assert [type(event) for event in events] == [
        JobAccepted, Progress, Progress, AudioChunk, AudioChunk, AudioChunk, Finished
    ]  # fmt: skip
    assert song.save(tmp_path / "out" / "song.flac") == (
        tmp_path / "out" / "song-1.flac",
        tmp_path / "out" / "song-2.flac",
    )
    assert (tmp_path / "out" / "song-2.flac").read_bytes() == AUDIO[1]


def test_a_song_is_not_saved_under_the_suffix_of_another_format(
    gateway: ScriptedGateway, client: quartet.Client, tmp_path: Path
) -> None:
    gateway.script("Generate", whole_call())
    with pytest.raises(ValueError, match=r"is a \.flac file"):
        client.generate("piano").save(tmp_path / "song.wav")


def test_an_item_is_asked_for_again_by_its_record(gateway: ScriptedGateway, client: quartet.Client) -> None:
    gateway.script("Generate", whole_call(), whole_call())
    first = client.generate("piano", items=2)
    client.generate(first.record.spec_of(1))
    again = gateway.requests["Generate"][1].song
    assert (again.caption, again.items, list(again.seeds)) == ("piano", 1, [6])


def test_a_broken_stream_goes_on_without_repeating_itself(gateway: ScriptedGateway, client: quartet.Client) -> None:
    gateway.script("Generate", [*whole_call()[:4], DOWN], [DOWN], whole_call())
    events: list[Event] = []
    song = client.generate("piano", on_event=events.append)
    assert song.files == AUDIO
    assert [(event.step) for event in events if isinstance(event, Progress)] == [1, 8]
    assert len([event for event in events if isinstance(event, JobAccepted)]) == 1
    assert b"".join(e.data for e in events if isinstance(e, AudioChunk)) == AUDIO[0] + AUDIO[1]


def test_every_attempt_carries_the_same_request_id(gateway: ScriptedGateway, client: quartet.Client) -> None:
    gateway.script("Generate", [DOWN], whole_call(), whole_call())
    client.generate("piano")
    client.generate("piano")
    ids = [request.request_id for request in gateway.requests["Generate"]]
    assert ids[0] == ids[1] != ids[2]
    assert all(ids)


def test_a_stream_that_ends_early_is_tried_again(gateway: ScriptedGateway, client: quartet.Client) -> None:
    gateway.script("Generate", whole_call()[:5], whole_call())
    assert client.generate("piano").files == AUDIO


def test_attempts_are_bounded_even_where_each_sends_the_same_beginning(
    gateway: ScriptedGateway, client: quartet.Client
) -> None:
    gateway.script("Generate", *[[accepted(), progress(1), DOWN]] * 10)
    with pytest.raises(errors.UnavailableError):
        client.generate("piano")
    assert len(gateway.requests["Generate"]) == FAST.attempts


def test_a_stage_that_is_down_is_given_time_before_the_job_exists(
    gateway: ScriptedGateway, client: quartet.Client
) -> None:
    down = errors.UnavailableError("no dit answers", metadata={"stage": "dit"})
    gateway.script("Generate", [down], [down], whole_call())
    assert client.generate("piano").files == AUDIO


def test_the_failure_of_an_accepted_job_is_final(gateway: ScriptedGateway, client: quartet.Client) -> None:
    down = errors.UnavailableError("no dit answers", metadata={"stage": "dit"})
    gateway.script("Generate", [accepted(), down])
    with pytest.raises(errors.UnavailableError) as caught:
        client.generate("piano")
    assert caught.value.stage == "dit"


def test_other_errors_are_final_and_typed(gateway: ScriptedGateway, client: quartet.Client) -> None:
    violations = [errors.FieldViolation("song.items", "is 9, must be within 1 and 8")]
    gateway.script("Generate", [errors.InvalidRequestError.of(violations)])
    with pytest.raises(errors.InvalidRequestError) as caught:
        client.generate("piano", items=9)
    assert list(caught.value.violations) == violations


def test_audio_with_a_gap_or_a_wrong_digest_is_refused(gateway: ScriptedGateway, client: quartet.Client) -> None:
    gateway.script("Generate", [accepted(), audio(0, 0, 10), audio(0, 20)], [accepted(), audio(0, 0, 10), record()])
    with pytest.raises(errors.InternalError, match="jumps from byte 10 to 20"):
        client.generate("piano")
    with pytest.raises(errors.InternalError, match="does not have the digest"):
        client.generate("piano")


def test_closing_the_iterator_ends_the_call(gateway: ScriptedGateway, client: quartet.Client) -> None:
    gateway.script("Generate", [accepted(), threading.Event()])
    stream = client.stream("piano")
    assert isinstance(next(stream), JobAccepted)
    stream.close()
    assert gateway.gone.wait(10)


def test_a_timeout_ends_the_call(gateway: ScriptedGateway, client: quartet.Client) -> None:
    gateway.script("Generate", [accepted(), threading.Event()])
    with pytest.raises(errors.DeadlineError):
        client.generate("piano", timeout=0.3)


def test_a_reference_is_uploaded_first(gateway: ScriptedGateway, client: quartet.Client, tmp_path: Path) -> None:
    content = bytes(range(256)) * 6000
    (tmp_path / "voice.wav").write_bytes(content)
    gateway.script("UploadAudio", [DOWN], [music_pb2.UploadAudioResponse(audio_id="abc", sample_rate=48000)])
    gateway.script("Generate", whole_call())
    client.generate("piano", reference=tmp_path / "voice.wav")
    header, *parts = gateway.requests["UploadAudio"][1]
    assert header.header.bytes == len(content)
    assert b"".join(part.data for part in parts) == content
    assert max(len(part.data) for part in parts) <= 2**20
    assert gateway.requests["Generate"][0].song.reference_audio_id == "abc"


def test_reading_goes_on_at_the_byte_where_it_stopped(gateway: ScriptedGateway, client: quartet.Client) -> None:
    def part(offset: int, data: bytes) -> music_pb2.ReadAudioResponse:
        return music_pb2.ReadAudioResponse(offset=offset, data=data, total_bytes=10)

    gateway.script("ReadAudio", [part(2, b"cd"), DOWN], [part(4, b"ef")], [part(6, b"gh")])
    assert client.read_audio("abc", offset=2, limit=6) == b"cdefgh"
    assert [(r.offset, r.limit) for r in gateway.requests["ReadAudio"]] == [(2, 6), (4, 4), (6, 2)]


def test_jobs_can_be_created_watched_listed_cancelled_and_deleted(
    gateway: ScriptedGateway, client: quartet.Client
) -> None:
    done = job(music_pb2.JOB_STATE_SUCCEEDED, record=record().record)
    gateway.script("CreateJob", [DOWN], [music_pb2.CreateJobResponse(job=job(music_pb2.JOB_STATE_QUEUED))])
    step = music_pb2.WatchJobResponse(progress=progress(3).progress)
    running = music_pb2.WatchJobResponse(job=job())
    gateway.script("WatchJob", [running, step, DOWN], [running, step, music_pb2.WatchJobResponse(job=done)])
    gateway.script("ListJobs", [music_pb2.ListJobsResponse(jobs=[done], next_page_token="2")])  # noqa: S106
    gateway.script("GetJob", [music_pb2.GetJobResponse(job=done)])
    gateway.script("CancelJob", [music_pb2.CancelJobResponse(job=job(music_pb2.JOB_STATE_CANCELLED))])
    gateway.script("DeleteJob", [music_pb2.DeleteJobResponse()], [DOWN])

    assert client.create_job("piano").state is JobState.QUEUED
    changes = list(client.watch("job-1"))
    assert [event.job.state for event in changes if isinstance(event, JobChanged)] == ["running", "succeeded"]
    assert [event for event in changes if isinstance(event, Progress)] == [Progress("sample", 0, 3, 8)]
    assert client.jobs(JobState.SUCCEEDED, JobState.FAILED).next_page_token == "2"  # noqa: S105
    finished = client.job("job-1")
    assert finished.record is not None
    assert [item.seed for item in finished.record.items] == [5, 6]
    assert client.cancel("job-1").state is JobState.CANCELLED
    client.delete("job-1")
    with pytest.raises(errors.UnavailableError):
        client.delete("job-1")
    assert [len(gateway.requests[method]) for method in ("CreateJob", "WatchJob", "DeleteJob")] == [2, 2, 2]


def test_models_and_capacity(gateway: ScriptedGateway, client: quartet.Client) -> None:
    model = music_pb2.MusicModel(model={"id": "turbo", "revision": "r"}, min_duration={"seconds": 10})
    replica = music_pb2.StageReplica(address="a:1", ready=True, info={"stage": "dit", "load": {"queued_items": 2}})
    pool = music_pb2.StagePool(stage="dit", replicas=[replica])
    gateway.script("ListModels", [music_pb2.ListModelsResponse(models=[model])])
    gateway.script("GetCapacity", [music_pb2.GetCapacityResponse(stages=[pool], running_jobs=1)])
    assert [(m.model.id, m.min_duration) for m in client.models()] == [("turbo", 10.0)]
    capacity = client.capacity()
    assert capacity.running_jobs == 1
    assert [(r.stage, r.address, r.ready, r.queued_items) for r in capacity.replicas] == [("dit", "a:1", True, 2)]


def test_a_missing_gateway_is_named() -> None:
    with quartet.Client("127.0.0.1:9", retry=FAST) as client, pytest.raises(errors.UnavailableError) as caught:
        client.capacity()
    assert caught.value.reason == "UNREACHABLE"
    assert "no gateway answers at 127.0.0.1:9" in caught.value.message


async def test_the_async_client_does_the_same(gateway: ScriptedGateway, tmp_path: Path) -> None:
    (tmp_path / "voice.wav").write_bytes(b"RIFF")
    gateway.script("UploadAudio", [music_pb2.UploadAudioResponse(audio_id="abc")])
    gateway.script("Generate", [*whole_call()[:4], DOWN], whole_call())
    gateway.script("CreateJob", [DOWN], [music_pb2.CreateJobResponse(job=job())])
    gateway.script("WatchJob", [music_pb2.WatchJobResponse(job=job(music_pb2.JOB_STATE_FAILED))])
    gateway.script("ReadAudio", [music_pb2.ReadAudioResponse(data=b"xy", total_bytes=2)])
    gateway.script("GetJob", [errors.NotFoundError.of("job", "nope")])
    async with quartet.AsyncClient(gateway.address, retry=FAST) as client:
        assert (await client.generate("piano", reference=tmp_path / "voice.wav")).files == AUDIO
        assert (await client.create_job("piano")).id == "job-1"
        assert [type(event) async for event in client.watch("job-1")] == [JobChanged]
        assert await client.read_audio("abc") == b"xy"
        with pytest.raises(errors.NotFoundError):
            await client.job("nope")


def test_a_job_that_somebody_else_cancelled_is_an_error(gateway: ScriptedGateway, client: quartet.Client) -> None:
    gateway.script("Generate", [accepted(), errors.CancelledError("the job was cancelled")])
    with pytest.raises(errors.CancelledError, match="the job was cancelled"):
        client.generate("piano")


async def test_a_job_that_somebody_else_cancelled_does_not_cancel_the_task(gateway: ScriptedGateway) -> None:
    cancelled = errors.CancelledError("the job was cancelled")
    gateway.script("Generate", [accepted(), cancelled])
    gateway.script("GetJob", [cancelled])
    async with quartet.AsyncClient(gateway.address) as client:
        with pytest.raises(errors.CancelledError, match="the job was cancelled"):
            await client.generate("piano")
        with pytest.raises(errors.CancelledError, match="the job was cancelled"):
            await client.job("job-1")


async def test_cancelling_the_task_ends_the_call(gateway: ScriptedGateway) -> None:
    gateway.script("Generate", [accepted(), threading.Event()])
    begun = asyncio.Event()
    async with quartet.AsyncClient(gateway.address) as client:
        task = asyncio.create_task(client.generate("piano", on_event=lambda _: begun.set()))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await asyncio.to_thread(gateway.gone.wait, 10)


async def test_leaving_an_async_stream_ends_the_call(gateway: ScriptedGateway) -> None:
    gateway.script("Generate", [accepted(), threading.Event()])
    async with quartet.AsyncClient(gateway.address) as client, aclosing(client.stream("piano")) as events:
        assert isinstance(await anext(events), JobAccepted)
    assert await asyncio.to_thread(gateway.gone.wait, 10)


def test_pauses_grow_stay_bounded_and_heed_the_server() -> None:
    attempts = Attempts(Retry(attempts=6, first_pause=1.0, longest_pause=4.0), None)
    pauses = [attempts.pause_after(errors.UnavailableError("x")) for _ in range(5)]
    for pause, longest in zip(pauses, (1, 2, 4, 4, 4), strict=True):
        assert longest / 2 <= pause <= longest
    with pytest.raises(errors.UnavailableError):
        attempts.pause_after(errors.UnavailableError("x"))
    assert Attempts(Retry(), None).pause_after(errors.UnavailableError("x", retry_after_s=7.0)) == 7.0


def test_no_pause_outlasts_the_timeout() -> None:
    with pytest.raises(errors.UnavailableError):
        Attempts(Retry(first_pause=5.0, longest_pause=5.0), 1.0).pause_after(errors.UnavailableError("x"))


def test_the_scripted_spec_survives_both_conversions() -> None:
    assert quartet.SongSpec.from_message(spec()).seeds == (5, 6)
