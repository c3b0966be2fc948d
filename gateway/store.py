"""Jobs on disk: what was acknowledged is written down."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from gateway import messages
from gateway.database import Database
from gateway.jobs import Failure, Job
from quartet.errors import AlreadyExistsError, ConflictError, NotFoundError, OverloadedError
from quartet.events import JobState

_METADATA = sa.MetaData()
_JOBS = sa.Table(
    "jobs",
    _METADATA,
    sa.Column("id", sa.String(24), primary_key=True),
    sa.Column("state", sa.String(16), nullable=False, index=True),
    sa.Column("stage", sa.String(16), nullable=False),
    sa.Column("song", sa.Text, nullable=False),
    sa.Column("request_id", sa.String(128), nullable=False),
    sa.Column("fingerprint", sa.String(64), nullable=False),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("deadline", sa.Float, nullable=False),
    sa.Column("traceparent", sa.String(64), nullable=False),
    sa.Column("started_at", sa.Float),
    sa.Column("ended_at", sa.Float),
    sa.Column("failure", sa.Text),
    sa.Column("record", sa.Text, nullable=False),
)
# A cancelled job frees its request id: a caller that lost its connection may ask again.
_TAKES_REQUEST_ID = sa.and_(_JOBS.c.request_id != "", _JOBS.c.state != JobState.CANCELLED.value)
sa.Index("one_job_per_request", _JOBS.c.request_id, unique=True, sqlite_where=_TAKES_REQUEST_ID)
_OWNERS = sa.Table(
    "audio_owners",
    _METADATA,
    sa.Column("owner", sa.String(24), primary_key=True),
    sa.Column("audio_id", sa.String(64), primary_key=True, index=True),
)


# Statements are made once: making one takes longer than running it.
_JOB = sa.select(_JOBS).where(_JOBS.c.id == sa.bindparam("job_id"))
_JOB_OF_REQUEST = sa.select(_JOBS).where(_JOBS.c.request_id == sa.bindparam("request_id"), _TAKES_REQUEST_ID)
_IN_STATE = sa.select(sa.func.count()).where(_JOBS.c.state == sa.bindparam("state"))
_INSERT = _JOBS.insert()
_CHANGED = ("state", "stage", "started_at", "ended_at", "failure", "record")
_UPDATE = (
    _JOBS.update()
    .where(_JOBS.c.id == sa.bindparam("job_id"), _JOBS.c.state.in_(sa.bindparam("expected", expanding=True)))
    .values({name: sa.bindparam(name) for name in _CHANGED})
)
_OWN = _OWNERS.insert().prefix_with("OR IGNORE")


class JobStore:
    """All jobs of a gateway."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    @asynccontextmanager
    async def opened(cls, path: Path) -> AsyncIterator[JobStore]:
        """The store in a file, which is created where there is none."""
        async with Database.opened(path, _METADATA) as database:
            yield cls(database)

    async def create(self, job: Job, *, max_queued: int) -> tuple[Job, bool]:
        """Writes a new job down. Returns it and True, or the job of the same request id and song, and False.

        Raises OverloadedError where too many jobs wait, AlreadyExistsError where the id belongs to another song.
        """

        def work(connection: sa.Connection) -> tuple[Job, bool]:
            if known := _of_request(connection, job.request_id, job.fingerprint):
                return known, False
            if (connection.scalar(_IN_STATE, {"state": JobState.QUEUED.value}) or 0) >= max_queued:
                raise OverloadedError(f"{max_queued} jobs wait already", retry_after_s=5.0)
            connection.execute(_INSERT, _row(job))
            return job, True

        return await self._database.run(work)

    async def of_request(self, request_id: str, fingerprint: str) -> Job | None:
        """The job of a request id. Raises AlreadyExistsError where it makes another song."""
        return await self._database.run(lambda connection: _of_request(connection, request_id, fingerprint))

    async def get(self, job_id: str) -> Job:
        """A job. Raises NotFoundError."""
        return await self._database.run(lambda connection: _get(connection, job_id))

    async def update(self, job: Job, *, expected: Sequence[JobState]) -> None:
        """Writes a changed job down. Raises ConflictError where its state on disk is none of the expected ones.

        A start that a failing machine forgets leaves the job queued: it runs again, as it would have anyway.
        """

        def work(connection: sa.Connection) -> None:
            row = {"job_id": job.id, "expected": [state.value for state in expected]} | _changed_row(job)
            if connection.execute(_UPDATE, row).rowcount != 1:
                current = _get(connection, job.id)
                raise ConflictError(f"job {job.id} is {current.state} by now", reason="JOB_CHANGED")

        await self._database.run(work, fleeting=job.state is JobState.RUNNING)

    async def page(self, states: Sequence[JobState], size: int, before: str) -> list[Job]:
        """Up to `size` jobs in one of the states (none means all), newest first, older than the id `before`."""
        statement = sa.select(_JOBS).order_by(_JOBS.c.id.desc()).limit(size)
        if states:
            statement = statement.where(_JOBS.c.state.in_([state.value for state in states]))
        if before:
            statement = statement.where(_JOBS.c.id < before)
        return await self._jobs(statement)

    async def unfinished(self) -> list[Job]:
        """Jobs that have not ended, oldest first."""
        statement = sa.select(_JOBS).order_by(_JOBS.c.id)
        return await self._jobs(statement.where(_JOBS.c.state.in_([JobState.QUEUED.value, JobState.RUNNING.value])))

    async def _jobs(self, statement: sa.Select[Any]) -> list[Job]:
        return [_job(row) for row in await self._database.run(lambda connection: _rows(connection, statement))]

    async def count(self, state: JobState) -> int:
        """Jobs in a state."""
        return await self._database.run(lambda connection: connection.scalar(_IN_STATE, {"state": state.value}) or 0)

    async def delete(self, job_id: str) -> None:
        """Removes an ended job. Raises NotFoundError, ConflictError."""

        def work(connection: sa.Connection) -> None:
            job = _get(connection, job_id)
            if not job.state.ended:
                raise ConflictError(f"job {job_id} is {job.state}; cancel it first", reason="JOB_NOT_ENDED")
            connection.execute(_JOBS.delete().where(_JOBS.c.id == job_id))

        await self._database.run(work)

    async def own_audio(self, audio_id: str, owner: str) -> None:
        """Notes that an owner needs a piece of audio."""
        await self._database.run(lambda connection: connection.execute(_OWN, {"owner": owner, "audio_id": audio_id}))

    async def audio_of(self, owner: str) -> dict[str, bool]:
        """The audio that an owner needs, and whether others need it too."""
        mine = sa.select(_OWNERS.c.audio_id).where(_OWNERS.c.owner == owner)
        statement = sa.select(_OWNERS.c.audio_id, sa.func.count() > 1).where(_OWNERS.c.audio_id.in_(mine))
        statement = statement.group_by(_OWNERS.c.audio_id)
        rows = await self._database.run(lambda connection: connection.execute(statement).all())
        return {audio_id: bool(others_need_it) for audio_id, others_need_it in rows}

    async def disown_audio(self, owner: str, audio_ids: Iterable[str]) -> None:
        """Notes that an owner needs some audio no more."""
        statement = _OWNERS.delete().where(_OWNERS.c.owner == owner, _OWNERS.c.audio_id == sa.bindparam("gone"))
        if gone := [{"gone": audio_id} for audio_id in audio_ids]:
            await self._database.run(lambda connection: connection.execute(statement, gone))

    async def lost_owners(self) -> list[str]:
        """Owners of audio that are no job, or one that has ended without a song."""
        needing = [JobState.QUEUED.value, JobState.RUNNING.value, JobState.SUCCEEDED.value]
        jobs = sa.select(_JOBS.c.id).where(_JOBS.c.state.in_(needing))
        statement = sa.select(_OWNERS.c.owner).distinct().where(_OWNERS.c.owner.not_in(jobs))
        return list(await self._database.run(lambda connection: connection.scalars(statement).all()))


def _rows(connection: sa.Connection, statement: sa.Select[Any]) -> Sequence[sa.RowMapping]:
    return connection.execute(statement).mappings().all()


def _get(connection: sa.Connection, job_id: str) -> Job:
    row = connection.execute(_JOB, {"job_id": job_id}).mappings().first()
    if row is None:
        raise NotFoundError.of("job", job_id)
    return _job(row)


def _of_request(connection: sa.Connection, request_id: str, fingerprint: str) -> Job | None:
    if not request_id:
        return None
    row = connection.execute(_JOB_OF_REQUEST, {"request_id": request_id}).mappings().first()
    if row is not None and row["fingerprint"] != fingerprint:
        raise AlreadyExistsError(
            f"request_id {request_id!r} belongs to job {row['id']}, which makes another song",
            reason="REQUEST_ID_TAKEN",
        )
    return _job(row) if row else None


def _row(job: Job) -> dict[str, Any]:
    return {
        "id": job.id,
        "song": messages.song_json(job.song),
        "request_id": job.request_id,
        "fingerprint": job.fingerprint,
        "created_at": job.created_at,
        "deadline": job.deadline,
        "traceparent": job.traceparent,
    } | _changed_row(job)


def _changed_row(job: Job) -> dict[str, Any]:
    """What may be different in later states."""
    return {
        "state": job.state.value,
        "stage": job.stage,
        "started_at": job.started_at,
        "ended_at": job.ended_at,
        "failure": json.dumps(dataclasses.asdict(job.failure)) if job.failure else None,
        "record": job.record,
    }


def _job(row: sa.RowMapping) -> Job:
    return Job(
        id=row["id"],
        state=JobState(row["state"]),
        stage=row["stage"],
        song=messages.song_of_json(row["song"]),
        request_id=row["request_id"],
        fingerprint=row["fingerprint"],
        created_at=row["created_at"],
        deadline=row["deadline"],
        traceparent=row["traceparent"],
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        failure=Failure(**json.loads(row["failure"])) if row["failure"] else None,
        record=row["record"],
    )
