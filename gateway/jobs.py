"""Jobs and the transitions between their states."""

from __future__ import annotations

import dataclasses
import secrets
import time
from dataclasses import dataclass

from quartet.errors import ConflictError, QuartetError, error_of_code
from quartet.events import JobState
from quartet.planning import SongPlan
from quartet.songs import SongSpec

# RUNNING goes back to QUEUED when a gateway stops or dies: the job runs again, with the same result.
TRANSITIONS: dict[JobState, frozenset[JobState]] = {
    JobState.QUEUED: frozenset({JobState.RUNNING, JobState.FAILED, JobState.CANCELLED}),
    JobState.RUNNING: frozenset({JobState.QUEUED, JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED}),
    JobState.SUCCEEDED: frozenset(),
    JobState.FAILED: frozenset(),
    JobState.CANCELLED: frozenset(),
}


@dataclass(frozen=True)
class Failure:
    """Why a job failed; `code` is a google.rpc.Code."""

    reason: str
    message: str
    stage: str
    code: int

    @classmethod
    def of(cls, error: QuartetError) -> Failure:
        """From the error that ended the job."""
        return cls(error.reason, error.message, error.stage, error.code.value[0])

    def error(self) -> QuartetError:
        """The error again."""
        metadata = {"stage": self.stage} if self.stage else {}
        return error_of_code(self.code, self.message, reason=self.reason, metadata=metadata)


@dataclass(frozen=True)
class Job:
    """A unit of work that survives restarts. Times are seconds since the epoch; the song has no open choices.

    `fingerprint` is of the song as it was asked for: equal request ids must come with equal fingerprints. `record`
    is the song record of a succeeded job as JSON of the contract. `traceparent` is the W3C trace context that it was
    created in, so that a job that runs again stays in its trace. `stage` and `plan` are those of a running job and not
    stored.
    """

    id: str
    state: JobState
    song: SongSpec
    request_id: str
    fingerprint: str
    created_at: float
    deadline: float
    traceparent: str = ""
    stage: str = ""
    started_at: float | None = None
    ended_at: float | None = None
    failure: Failure | None = None
    record: str = ""
    plan: SongPlan | None = None

    @classmethod
    def new(
        cls, song: SongSpec, *, request_id: str, fingerprint: str, seconds_allowed: float, traceparent: str = ""
    ) -> Job:
        """A queued job. Ids sort by creation."""
        now = time.time()
        return cls(
            id=f"{time.time_ns():016x}{secrets.token_hex(4)}",
            state=JobState.QUEUED,
            song=song,
            request_id=request_id,
            fingerprint=fingerprint,
            created_at=now,
            deadline=now + seconds_allowed,
            traceparent=traceparent,
        )

    def started(self) -> Job:
        """The job, running."""
        return self._to(JobState.RUNNING, started_at=time.time())

    def at_stage(self, stage: str) -> Job:
        """The running job at a stage."""
        return dataclasses.replace(self, stage=stage)

    def planned(self, plan: SongPlan | None) -> Job:
        """The running job with its plan."""
        return dataclasses.replace(self, plan=plan)

    def requeued(self) -> Job:
        """The job, waiting again after its gateway stopped."""
        return self._to(JobState.QUEUED, started_at=None, stage="")

    def succeeded(self, record: str) -> Job:
        """The job with its record."""
        return self._to(JobState.SUCCEEDED, ended_at=time.time(), stage="", record=record)

    def failed(self, failure: Failure) -> Job:
        """The job with its failure."""
        return self._to(JobState.FAILED, ended_at=time.time(), stage="", failure=failure)

    def cancelled(self) -> Job:
        """The job, stopped."""
        return self._to(JobState.CANCELLED, ended_at=time.time(), stage="")

    def _to(self, state: JobState, **changes: object) -> Job:
        if state not in TRANSITIONS[self.state]:
            raise ConflictError(f"job {self.id} is {self.state} and cannot become {state}", reason="ILLEGAL_TRANSITION")
        return dataclasses.replace(self, state=state, **changes)  # type: ignore[arg-type]
