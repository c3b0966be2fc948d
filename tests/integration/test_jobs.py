"""Jobs: durable, watched by anybody, stopped within a step, and never lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
import soundfile

from quartet import Client
from quartet.errors import AlreadyExistsError, CancelledError, ConflictError, NotFoundError, OverloadedError
from quartet.events import Job, JobAccepted, JobChanged, JobState, Progress
from quartet.songs import SongSpec
from quartet.tasks import Cover
from quartet.v1 import dit_pb2, dit_pb2_grpc, stage_pb2
from tests.support.audio import tone
from tests.support.processes import Start

SHORT = SongSpec("a slow piano over rain", duration=1.0, seeds=(4,))
# Long enough to be caught while it is sampled, short enough to be waited for.
LONG = SongSpec("a slow piano over rain", duration=30.0, steps=30, seeds=(4,))
ENDLESS = SongSpec("a slow piano over rain", duration=90.0, steps=200, seeds=(4,))


@pytest.fixture(scope="module")
def client(gateway_address: str) -> Iterator[Client]:
    with Client(gateway_address) as client:
        yield client


def ended(client: Client, job_id: str) -> Job:
    """The job once it has ended."""
    last = [event.job for event in client.watch(job_id) if isinstance(event, JobChanged)][-1]
    assert last.state.ended
    return last


def ended_unwatched(client: Client, job_id: str) -> Job:
    """The same without a watch, which would keep the job of a call that ends."""
    while not (job := client.job(job_id)).state.ended:
        pass
    return job


def wait_until_sampling(client: Client, job_id: str) -> None:
    for event in client.watch(job_id):
        if isinstance(event, Progress) and event.stage == "sample":
            return
    pytest.fail("the job ended before it was sampled")


def dit_info(address: str) -> stage_pb2.StageInfo:
    with grpc.insecure_channel(address) as channel:
        return dit_pb2_grpc.DitServiceStub(channel).GetInfo(dit_pb2.DitServiceGetInfoRequest()).info


def steps_once_idle(address: str) -> int:
    while (info := dit_info(address)).load.running_items or info.load.queued_items:
        pass
    return int(info.steps_computed)


def test_a_job_goes_through_its_states(client: Client) -> None:
    job = client.create_job(SHORT)
    assert job.state is JobState.QUEUED
    assert job.song.seeds == (4,)
    events = list(client.watch(job.id))
    states = [event.job.state for event in events if isinstance(event, JobChanged)]
    stages = [event.job.stage for event in events if isinstance(event, JobChanged) and event.job.stage]
    assert states == sorted(states, key=list(JobState).index)
    assert states[-1] is JobState.SUCCEEDED
    assert set(stages) <= {"encode", "sample", "decode", "write"}
    found = client.job(job.id)
    assert found.record is not None
    assert found.created_at <= found.started_at <= found.ended_at  # type: ignore[operator]
    item = found.record.items[0]
    audio = client.read_audio(item.audio_id)
    assert len(audio) == item.bytes
    assert client.read_audio(item.audio_id, offset=100, limit=50) == audio[100:150]


def test_watching_an_ended_job_tells_its_end(client: Client) -> None:
    job = ended(client, client.create_job(SHORT).id)
    assert [event.job for event in client.watch(job.id) if isinstance(event, JobChanged)] == [job]


def test_a_request_id_makes_one_job(client: Client) -> None:
    first = client.create_job(SHORT, request_id="once")
    again = client.create_job(SHORT, request_id="once")
    assert again.id == first.id
    with pytest.raises(AlreadyExistsError, match="'once' belongs to job"):
        client.create_job(SHORT, request_id="once", duration=2.0)
    assert ended(client, first.id).state is JobState.SUCCEEDED


def test_a_known_request_is_found_also_when_its_source_is_gone(start_gateway: Start, tmp_path: Path) -> None:
    with start_gateway() as server, Client(server.address) as client:
        source = client.generate(SHORT).record.items[0].audio_id
        cover = SongSpec("bossa nova", task=Cover(source), seeds=(4,))
        first = client.create_job(cover, request_id="once")
        made = ended(client, first.id)
        (tmp_path / "data" / "audio" / source[:2] / source).unlink()
        assert client.create_job(cover, request_id="once") == made
        with pytest.raises(AlreadyExistsError, match="'once' belongs to job"):
            client.create_job(cover, request_id="once", seed=5)
        with pytest.raises(NotFoundError):
            client.create_job(cover, request_id="twice")


def test_pages_of_jobs_newest_first(client: Client) -> None:
    made = [client.create_job(SHORT).id for _ in range(5)]
    for job_id in made:
        ended(client, job_id)
    first = client.jobs(page_size=3)
    second = client.jobs(page_size=2, page_token=first.next_page_token)
    assert [job.id for job in (*first.jobs, *second.jobs)] == made[::-1]
    assert all(job.state is JobState.SUCCEEDED for job in client.jobs(JobState.SUCCEEDED).jobs)
    assert not client.jobs(JobState.RUNNING).jobs


def test_cancelling_stops_the_sampler_within_a_step(client: Client, dit_address: str) -> None:
    job = client.create_job(ENDLESS)
    wait_until_sampling(client, job.id)
    assert client.job(job.id).stage == "sample"
    assert client.cancel(job.id).state is JobState.CANCELLED
    steps_at_cancel = dit_info(dit_address).steps_computed
    assert steps_once_idle(dit_address) <= steps_at_cancel + 1
    assert client.cancel(job.id).state is JobState.CANCELLED
    assert client.generate(SHORT).files


def test_ending_generate_cancels_its_job(client: Client, dit_address: str) -> None:
    stream = client.stream(ENDLESS)
    accepted = next(stream)
    assert isinstance(accepted, JobAccepted)
    next(event for event in stream if isinstance(event, Progress) and event.stage == "sample")
    stream.close()
    assert ended_unwatched(client, accepted.job.id).state is JobState.CANCELLED
    steps_once_idle(dit_address)


def test_ending_a_watch_leaves_the_job_alone(client: Client) -> None:
    job = client.create_job(LONG)
    wait_until_sampling(client, job.id)
    assert ended(client, job.id).state is JobState.SUCCEEDED


def test_a_generate_call_hears_that_its_job_was_cancelled(client: Client) -> None:
    stream = client.stream(ENDLESS)
    accepted = next(stream)
    assert isinstance(accepted, JobAccepted)
    client.cancel(accepted.job.id)
    with pytest.raises(CancelledError, match=f"job {accepted.job.id} was cancelled"):
        list(stream)


def test_an_ended_job_cannot_be_cancelled_and_a_running_one_not_deleted(client: Client) -> None:
    job = ended(client, client.create_job(SHORT).id)
    with pytest.raises(ConflictError, match="is succeeded"):
        client.cancel(job.id)
    running = client.create_job(ENDLESS)
    with pytest.raises(ConflictError, match="cancel it first"):
        client.delete(running.id)
    client.cancel(running.id)
    client.delete(running.id)
    with pytest.raises(NotFoundError):
        client.job(running.id)


def test_audio_stays_as_long_as_anybody_needs_it(start_gateway: Start, tmp_path: Path) -> None:
    with start_gateway() as server, Client(server.address) as client:
        first, second = (ended(client, client.create_job(SHORT).id) for _ in range(2))
        assert first.record is not None
        audio_id = first.record.items[0].audio_id
        client.delete(first.id)
        audio = client.read_audio(audio_id)
        (tmp_path / "song.flac").write_bytes(audio)
        assert client.upload(tmp_path / "song.flac").audio_id == audio_id
        client.delete(second.id)
        assert client.read_audio(audio_id) == audio
        third = ended(client, client.create_job(SHORT, seed=99).id)
        assert third.record is not None
        client.delete(third.id)
        with pytest.raises(NotFoundError):
            client.read_audio(third.record.items[0].audio_id)


def test_uploads_go_after_their_time_unless_a_job_needs_them(start_gateway: Start, tmp_path: Path) -> None:
    with start_gateway("--max-stored-upload-bytes", "2000000") as server, Client(server.address) as client:
        recordings = [recorded(tmp_path / f"{hz}.wav", hz) for hz in (220.0, 330.0)]
        needed, idle = [client.upload(recording).audio_id for recording in recordings]
        cover = client.generate(SongSpec("bossa nova", task=Cover(needed), seeds=(4,))).record
        with pytest.raises(OverloadedError, match="--max-stored-upload-bytes"):
            client.upload(recorded(tmp_path / "long.wav", 220.0, seconds=12.0))
    for audio_id in (needed, idle):
        os.utime(tmp_path / "data" / "audio" / audio_id[:2] / audio_id, (0, 0))
    with start_gateway() as server, Client(server.address) as client:
        while is_there(client, idle):
            pass
        assert client.generate(cover.spec_of()).record.items[0].sha256 == cover.items[0].sha256


def recorded(path: Path, hertz: float, seconds: float = 1.0) -> Path:
    soundfile.write(path, tone(seconds, 48_000, 2, hertz), 48_000)
    return path


def is_there(client: Client, audio_id: str) -> bool:
    try:
        return bool(client.read_audio(audio_id, limit=1))
    except NotFoundError:
        return False


def test_full_queues_say_when_to_come_back(start_gateway: Start) -> None:
    with (
        start_gateway("--max-running-jobs", "1", "--max-queued-jobs", "1") as server,
        Client(server.address) as client,
    ):
        running = client.create_job(ENDLESS)
        wait_until_sampling(client, running.id)
        waiting = client.create_job(SHORT)
        with pytest.raises(OverloadedError) as refusal:
            client.create_job(SHORT)
        assert refusal.value.retry_after_s
        assert (client.capacity().queued_jobs, client.capacity().running_jobs) == (1, 1)
        client.cancel(running.id)
        assert ended(client, waiting.id).state is JobState.SUCCEEDED


def test_a_waiting_job_that_is_cancelled_and_deleted_blocks_nobody(start_gateway: Start) -> None:
    with start_gateway("--max-running-jobs", "1") as server, Client(server.address) as client:
        running = client.create_job(ENDLESS)
        waiting = client.create_job(SHORT)
        after = client.create_job(SHORT)
        assert client.cancel(waiting.id).state is JobState.CANCELLED
        client.delete(waiting.id)
        client.cancel(running.id)
        assert ended(client, after.id).state is JobState.SUCCEEDED


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_gateway_that_ends_loses_no_job(start_gateway: Start, client: Client, how: signal.Signals) -> None:
    flags = ("--max-running-jobs", "1", "--grace-seconds", "0.2")
    with start_gateway(*flags) as server, Client(server.address) as first:
        running, waiting = first.create_job(LONG), first.create_job(SHORT)
        wait_until_sampling(first, running.id)
        server.process.send_signal(how)
        server.process.wait(30)
    with start_gateway(*flags) as server, Client(server.address) as second:
        again, short = ended(second, running.id), ended(second, waiting.id)
        assert (again.state, short.state) == (JobState.SUCCEEDED, JobState.SUCCEEDED)
        assert again.record is not None
        assert [item.sha256 for item in again.record.items] == [
            item.sha256 for item in client.generate(LONG).record.items
        ]


def test_a_stopping_gateway_hands_the_job_of_a_generate_call_back(start_gateway: Start) -> None:
    with start_gateway("--grace-seconds", "0.2") as server, Client(server.address) as first:
        stream = first.stream(LONG)
        accepted = next(stream)
        assert isinstance(accepted, JobAccepted)
        next(event for event in stream if isinstance(event, Progress) and event.stage == "sample")
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(30) == 0
        stream.close()
    with start_gateway() as server, Client(server.address) as second:
        assert ended(second, accepted.job.id).state is JobState.SUCCEEDED


def test_a_data_folder_belongs_to_one_gateway(start_gateway: Start, tmp_path: Path) -> None:
    with start_gateway():
        second = subprocess.run(
            [sys.executable, "-m", "gateway", "--port", "0", "--data", str(tmp_path / "data")],
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert second.returncode == 1
    assert second.stderr.strip().splitlines()[-1].startswith("error: another gateway uses")
