"""What the gateway answers, as frozen dataclasses: jobs, records and the events of a running job."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from google.protobuf import timestamp_pb2

from quartet.documents import to_json
from quartet.items import SongItem
from quartet.planning import SongPlan, Thinking
from quartet.songs import SongSpec
from quartet.tasks import Extract, Retake, Task
from quartet.v1 import music_pb2, stage_pb2
from quartet.wire import chosen, seconds_of

RECORD_VERSION = 1
PLANNER = "planner"


class JobState(StrEnum):
    """The states of a job."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """True where nothing follows."""
        return self in (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)


@dataclass(frozen=True)
class Model:
    """Weights as a stage serves them. Same id and revision, same weights."""

    id: str
    revision: str
    compute_dtype: str
    device: str

    @classmethod
    def of(cls, message: stage_pb2.ModelInfo) -> Model:
        """From the message."""
        return cls(message.id, message.revision, message.compute_dtype, message.device)

    def __str__(self) -> str:
        return f"{self.id} {self.revision} in {self.compute_dtype} on {self.device}"


@dataclass(frozen=True)
class StageTiming:
    """Time of one item in one stage; seconds. `item` is 0 for stages that all items share."""

    stage: str
    item: int
    start: float
    total: float
    queue: float
    compute: float

    @classmethod
    def of(cls, message: music_pb2.StageTiming) -> StageTiming:
        """From the message."""
        times = (message.start_ns, message.total_ns, message.queue_ns, message.compute_ns)
        return cls(message.stage, message.item, *(time / 1e9 for time in times))


@dataclass(frozen=True)
class Record:
    """Everything that is needed to know what was made, and to make it again. `total` is in seconds.

    `song` is the request with its seeds; what it leaves open the planner decided, and `plan` says how.
    """

    job_id: str
    song: SongSpec
    items: tuple[SongItem, ...]
    timings: tuple[StageTiming, ...]
    total: float
    models: dict[str, Model]
    warnings: tuple[str, ...]
    plan: SongPlan

    @classmethod
    def of(cls, message: music_pb2.SongRecord) -> Record:
        """From the message."""
        return cls(
            job_id=message.job_id,
            song=SongSpec.from_message(message.song),
            items=tuple(SongItem.of(item) for item in message.items),
            timings=tuple(StageTiming.of(timing) for timing in message.timings),
            total=message.total_ns / 1e9,
            models={stage: Model.of(model) for stage, model in sorted(message.models.items())},
            warnings=tuple(message.warnings),
            plan=SongPlan.from_message(message.plan),
        )

    def spec_of(self, item: int | None = None) -> SongSpec:
        """The spec that makes the songs again, or one item alone. Raises IndexError."""
        song = self.song
        if PLANNER not in self.models:  # and none is asked now
            song = dataclasses.replace(song, thinking=Thinking.none())
        if item is None:
            return song
        made, thinking = self.items[item], song.thinking
        if made.codes:
            thinking = dataclasses.replace(thinking, code_seeds=(made.code_seed,), best_of=1)
        else:
            thinking = dataclasses.replace(thinking, code_seeds=thinking.code_seeds[:1])
        return dataclasses.replace(song, task=_task_of(song.task, made), items=1, seeds=(made.seed,), thinking=thinking)

    def to_json(self) -> str:
        """As JSON with the names of these dataclasses and the version of their form."""
        return to_json(self, schema_version=RECORD_VERSION)


def _task_of(task: Task, item: SongItem) -> Task:
    """The task of one item alone."""
    if isinstance(task, Extract):
        return dataclasses.replace(task, tracks=(item.track,))
    if isinstance(task, Retake) and item.variation_seed is not None:
        return dataclasses.replace(task, seeds=(item.variation_seed,))
    return task


@dataclass(frozen=True)
class JobFailure:
    """Why a job failed. `stage` is empty where it was the gateway."""

    reason: str
    message: str
    stage: str


@dataclass(frozen=True)
class Job:
    """A unit of work that survives restarts. `stage` says where a running job is; `plan` comes as soon as it exists."""

    id: str
    state: JobState
    song: SongSpec
    created_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    stage: str
    failure: JobFailure | None
    record: Record | None
    request_id: str
    plan: SongPlan | None = None

    @classmethod
    def of(cls, message: music_pb2.Job) -> Job:
        """From the message."""
        failure = message.failure
        return cls(
            id=message.id,
            state=chosen(JobState, music_pb2.JobState, message.state, "JOB_STATE") or JobState.QUEUED,
            song=SongSpec.from_message(message.song),
            created_at=_time(message.created_at) if message.HasField("created_at") else None,
            started_at=_time(message.started_at) if message.HasField("started_at") else None,
            ended_at=_time(message.ended_at) if message.HasField("ended_at") else None,
            stage=message.stage,
            failure=JobFailure(failure.reason, failure.message, failure.stage) if message.HasField("failure") else None,
            record=Record.of(message.record) if message.HasField("record") else None,
            request_id=message.request_id,
            plan=SongPlan.from_message(message.plan) if message.HasField("plan") else None,
        )


@dataclass(frozen=True)
class JobAccepted:
    """The job was written down, with every open choice made."""

    job: Job


@dataclass(frozen=True)
class Planned:
    """What is left open is decided: the song as it will be made."""

    plan: SongPlan


@dataclass(frozen=True)
class JobChanged:
    """A watched job has a new state or has reached another stage."""

    job: Job


@dataclass(frozen=True)
class Progress:
    """Progress of one item through one stage; `item` is 0 for stages that all items share."""

    stage: str
    item: int
    step: int
    steps: int

    @classmethod
    def of(cls, message: music_pb2.StageProgress) -> Progress:
        """From the message."""
        return cls(message.stage, message.item, message.step, message.steps)


@dataclass(frozen=True)
class AudioChunk:
    """Bytes of an item's audio file from `offset` on. Chunks of an item come in order and without gaps."""

    item: int
    offset: int
    data: bytes = field(repr=False)
    last: bool


@dataclass(frozen=True)
class Finished:
    """The last event: every file is complete."""

    record: Record


Event = JobAccepted | Planned | Progress | AudioChunk | Finished
WatchEvent = JobChanged | Progress


@dataclass(frozen=True)
class Upload:
    """An audio file that the gateway has taken. The same content has the same id. `duration` is in seconds."""

    audio_id: str
    duration: float
    sample_rate: int
    channels: int

    @classmethod
    def of(cls, message: music_pb2.UploadAudioResponse) -> Upload:
        """From the message."""
        seconds = seconds_of(message.duration)
        return cls(message.audio_id, seconds, message.sample_rate, message.channels)


@dataclass(frozen=True)
class JobPage:
    """Jobs, newest first. `next_page_token` is empty on the last page."""

    jobs: tuple[Job, ...]
    next_page_token: str

    @classmethod
    def of(cls, message: music_pb2.ListJobsResponse) -> JobPage:
        """From the message."""
        return cls(tuple(Job.of(job) for job in message.jobs), message.next_page_token)


@dataclass(frozen=True)
class MusicModel:
    """A DiT model that can be asked for; durations in seconds."""

    model: Model
    min_duration: float
    max_duration: float
    steps: int
    shift: float
    guidance: float
    is_turbo: bool
    knows_tracks: bool

    @classmethod
    def of(cls, message: music_pb2.MusicModel) -> MusicModel:
        """From the message."""
        return cls(
            model=Model.of(message.model),
            min_duration=seconds_of(message.min_duration),
            max_duration=seconds_of(message.max_duration),
            steps=message.defaults.steps,
            shift=message.defaults.shift,
            guidance=message.defaults.guidance_scale,
            is_turbo=message.defaults.is_turbo,
            knows_tracks=message.defaults.knows_tracks,
        )


@dataclass(frozen=True)
class Replica:
    """One server of a stage. `problem` says why it is not ready; `expected_wait` is in seconds."""

    stage: str
    address: str
    ready: bool
    problem: str
    models: tuple[Model, ...]
    queued_items: int
    running_items: int
    expected_wait: float
    steps_computed: int

    @classmethod
    def of(cls, stage: str, message: music_pb2.StageReplica) -> Replica:
        """From the message."""
        load = message.info.load
        return cls(
            stage=stage,
            address=message.address,
            ready=message.ready,
            problem=message.problem,
            models=tuple(Model.of(model) for model in message.info.models),
            queued_items=load.queued_items,
            running_items=load.running_items,
            expected_wait=load.expected_wait_ns / 1e9,
            steps_computed=message.info.steps_computed,
        )


@dataclass(frozen=True)
class Capacity:
    """What runs, what waits and which servers there are."""

    replicas: tuple[Replica, ...]
    queued_jobs: int
    running_jobs: int

    @property
    def models(self) -> dict[str, tuple[Model, ...]]:
        """What the ready servers of each stage have loaded."""
        found: dict[str, tuple[Model, ...]] = {}
        for replica in self.replicas:
            if replica.ready:
                found[replica.stage] = found.get(replica.stage, ()) + replica.models
        return found

    @classmethod
    def of(cls, message: music_pb2.GetCapacityResponse) -> Capacity:
        """From the message."""
        replicas = tuple(Replica.of(pool.stage, replica) for pool in message.stages for replica in pool.replicas)
        return cls(replicas, message.queued_jobs, message.running_jobs)


def _time(message: timestamp_pb2.Timestamp) -> datetime:
    return message.ToDatetime(tzinfo=UTC)
