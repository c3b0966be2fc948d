"""The states of a job: only what the table allows, and an end is an end."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.jobs import TRANSITIONS, Failure, Job
from quartet.errors import ConflictError, UnavailableError
from quartet.events import JobState
from quartet.songs import SongSpec

FAILURE = Failure.of(UnavailableError("the dit stage is down", reason="STAGE_UNAVAILABLE", metadata={"stage": "dit"}))
MOVES: dict[JobState, Callable[[Job], Job]] = {
    JobState.QUEUED: Job.requeued,
    JobState.RUNNING: Job.started,
    JobState.SUCCEEDED: lambda job: job.succeeded("{}"),
    JobState.FAILED: lambda job: job.failed(FAILURE),
    JobState.CANCELLED: Job.cancelled,
}


def new() -> Job:
    return Job.new(SongSpec("rain"), request_id="", fingerprint="f", seconds_allowed=60)


def test_the_table_names_every_state() -> None:
    assert set(TRANSITIONS) == set(MOVES) == set(JobState)
    assert {state for state in JobState if state.ended} == {JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED}


@given(st.lists(st.sampled_from(JobState), max_size=12))
def test_jobs_move_only_along_the_table(wanted: list[JobState]) -> None:
    job = new()
    for state in wanted:
        if state in TRANSITIONS[job.state]:
            before, job = job, MOVES[state](job)
            assert (job.id, job.song, job.deadline) == (before.id, before.song, before.deadline)
        else:
            with pytest.raises(ConflictError, match=f"is {job.state} and cannot become {state}"):
                MOVES[state](job)
        assert job.state.ended == (job.ended_at is not None)
        assert (job.failure is not None) == (job.state is JobState.FAILED)
        assert bool(job.record) == (job.state is JobState.SUCCEEDED)


def test_a_job_that_runs_again_starts_afresh() -> None:
    job = new().started().at_stage("sample").requeued()
    assert (job.state, job.stage, job.started_at) == (JobState.QUEUED, "", None)


def test_a_failure_becomes_the_error_that_it_was() -> None:
    error = FAILURE.error()
    assert isinstance(error, UnavailableError)
    assert (error.message, error.reason, error.stage) == ("the dit stage is down", "STAGE_UNAVAILABLE", "dit")


def test_ids_sort_by_creation() -> None:
    ids = [new().id for _ in range(50)]
    assert ids == sorted(ids)
    assert len(set(ids)) == 50
