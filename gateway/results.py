"""What a pipeline produces: files, where the time went, which weights were used."""

from __future__ import annotations

from dataclasses import dataclass

from gateway import lyrics
from quartet.planning import SongPlan


@dataclass(frozen=True)
class Progress:
    """Progress of one item through one stage; item 0 for stages that all items share."""

    stage: str
    item: int
    step: int
    steps: int


@dataclass(frozen=True)
class Timing:
    """Time of one item in one stage, in nanoseconds; `start` counts from the start of the job."""

    stage: str
    item: int
    start_ns: int
    total_ns: int
    queue_ns: int = 0
    compute_ns: int = 0


@dataclass(frozen=True)
class ModelUsed:
    """Weights that a stage used."""

    id: str
    revision: str
    compute_dtype: str
    device: str


@dataclass(frozen=True)
class ItemChecks:
    """What was found out about an item once it was made: its scores by name, its sung lines in time, and how well the
    music follows its lyrics. Nothing where that was not asked for, or could not be found out.
    """

    scores: dict[str, float]
    lines: tuple[lyrics.TimedLine, ...]
    alignment: lyrics.Scores | None

    @classmethod
    def none(cls) -> ItemChecks:
        """Nothing."""
        return cls({}, (), None)


@dataclass(frozen=True)
class ItemResult:
    """One song: its file and what is needed to make it again. `peak` is before normalisation, full scale at 1.

    `codes` are the audio codes that it followed, none where it was made without a plan; `code_reward` says how well
    they fit its words, where the best of several was chosen. `track` names the part of a song that it is,
    `variation_seed` is the second seed of a retake.
    """

    index: int
    seed: int
    audio_id: str
    bytes: int
    samples: int
    sample_rate: int
    channels: int
    peak: float
    timesteps: tuple[float, ...]
    codes: tuple[int, ...]
    code_seed: int
    code_reward: float | None
    checks: ItemChecks
    track: str = ""
    variation_seed: int | None = None


@dataclass(frozen=True)
class SongResult:
    """The result of a job."""

    items: tuple[ItemResult, ...]
    timings: tuple[Timing, ...]
    total_ns: int
    models: dict[str, ModelUsed]
    warnings: tuple[str, ...]
    plan: SongPlan
