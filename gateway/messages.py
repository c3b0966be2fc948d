"""Between the gateway's dataclasses and the messages of the contract, on the wire and, as JSON, in the store."""

from __future__ import annotations

import hashlib

from google.protobuf import json_format, timestamp_pb2

from gateway.alignment import LyricsTiming
from gateway.jobs import Job
from gateway.lyrics import Scores, TimedLine, TimedWord
from gateway.results import ItemResult, ModelUsed, Progress, SongResult, Timing
from quartet.events import JobState
from quartet.songs import AudioFormat, SongSpec
from quartet.v1 import music_pb2, stage_pb2
from quartet.wire import duration_message

JOB_STATES = {
    JobState.QUEUED: music_pb2.JOB_STATE_QUEUED,
    JobState.RUNNING: music_pb2.JOB_STATE_RUNNING,
    JobState.SUCCEEDED: music_pb2.JOB_STATE_SUCCEEDED,
    JobState.FAILED: music_pb2.JOB_STATE_FAILED,
    JobState.CANCELLED: music_pb2.JOB_STATE_CANCELLED,
}


def song_json(song: SongSpec) -> str:
    """A song for the store."""
    return json_format.MessageToJson(song.to_message(), indent=None)


def song_of_json(text: str) -> SongSpec:
    """A song from the store."""
    return SongSpec.from_message(json_format.Parse(text, music_pb2.SongSpec(), ignore_unknown_fields=True))


def fingerprint(song: music_pb2.SongSpec) -> str:
    """Digest of a song as it was asked for."""
    return hashlib.sha256(song.SerializeToString(deterministic=True)).hexdigest()


def job_message(job: Job) -> music_pb2.Job:
    """A job with its failure or its record."""
    message = music_pb2.Job(
        id=job.id,
        state=JOB_STATES[job.state],
        song=job.song.to_message(),
        created_at=_timestamp(job.created_at),
        started_at=None if job.started_at is None else _timestamp(job.started_at),
        ended_at=None if job.ended_at is None else _timestamp(job.ended_at),
        stage=job.stage,
        request_id=job.request_id,
    )
    if job.failure:
        failure = job.failure
        message.failure.CopyFrom(
            music_pb2.JobFailure(reason=failure.reason, message=failure.message, stage=failure.stage, code=failure.code)
        )
    if job.plan:
        message.plan.CopyFrom(job.plan.to_message())
    if job.record:
        message.record.CopyFrom(record_message(job))
        message.plan.CopyFrom(message.record.plan)
    return message


def record_message(job: Job) -> music_pb2.SongRecord:
    """The record of a succeeded job."""
    return json_format.Parse(job.record, music_pb2.SongRecord(), ignore_unknown_fields=True)


def record_json(job: Job, result: SongResult) -> str:
    """The record of a job for the store."""
    record = music_pb2.SongRecord(
        job_id=job.id,
        song=job.song.to_message(),
        items=[_item(item, job.song) for item in result.items],
        timings=[_timing(timing) for timing in result.timings],
        total_ns=result.total_ns,
        models={stage: _model(model) for stage, model in result.models.items()},
        warnings=result.warnings,
        plan=result.plan.to_message(),
    )
    return json_format.MessageToJson(record, indent=None)


def progress_message(progress: Progress) -> music_pb2.StageProgress:
    """Progress of an item."""
    return music_pb2.StageProgress(stage=progress.stage, item=progress.item, step=progress.step, steps=progress.steps)


def lyrics_timing_message(timing: LyricsTiming) -> music_pb2.TranscribeLyricsTimingResponse:
    """Lyrics in time."""
    return music_pb2.TranscribeLyricsTimingResponse(
        lines=[_lyric_line(line) for line in timing.lines],
        scores=lyric_scores_message(timing.scores),
        warnings=timing.warnings,
    )


def lyric_scores_message(scores: Scores) -> music_pb2.LyricScores:
    """How well music follows its lyrics."""
    return music_pb2.LyricScores(
        coverage=scores.coverage,
        monotonicity=scores.monotonicity,
        confidence=scores.confidence,
        overall=scores.overall,
    )


def _lyric_line(line: TimedLine) -> music_pb2.LyricLine:
    return music_pb2.LyricLine(
        text=line.text,
        start=duration_message(line.start),
        end=duration_message(line.end),
        confidence=line.confidence,
        words=[_lyric_word(word) for word in line.words],
    )


def _lyric_word(word: TimedWord) -> music_pb2.LyricWord:
    return music_pb2.LyricWord(
        text=word.text,
        start=duration_message(word.start),
        end=duration_message(word.end),
        confidence=word.confidence,
    )


def _item(item: ItemResult, song: SongSpec) -> music_pb2.SongItem:
    alignment = item.checks.alignment
    return music_pb2.SongItem(
        index=item.index,
        seed=item.seed,
        audio_id=item.audio_id,
        format=f"AUDIO_FORMAT_{AudioFormat(song.format).name}",
        bytes=item.bytes,
        sha256=item.audio_id,
        samples=item.samples,
        sample_rate=item.sample_rate,
        channels=item.channels,
        peak=item.peak,
        timesteps=item.timesteps,
        codes=item.codes,
        code_seed=item.code_seed,
        code_reward=item.code_reward,
        variation_seed=item.variation_seed,
        track=f"TRACK_{item.track.upper()}" if item.track else None,
        scores=item.checks.scores,
        lyric_lines=[_lyric_line(line) for line in item.checks.lines],
        lyric_scores=None if alignment is None else lyric_scores_message(alignment),
    )


def _timing(timing: Timing) -> music_pb2.StageTiming:
    return music_pb2.StageTiming(
        stage=timing.stage,
        item=timing.item,
        start_ns=timing.start_ns,
        total_ns=timing.total_ns,
        queue_ns=timing.queue_ns,
        compute_ns=timing.compute_ns,
    )


def _model(model: ModelUsed) -> stage_pb2.ModelInfo:
    return stage_pb2.ModelInfo(
        id=model.id, revision=model.revision, compute_dtype=model.compute_dtype, device=model.device
    )


def _timestamp(seconds: float) -> timestamp_pb2.Timestamp:
    timestamp = timestamp_pb2.Timestamp()
    timestamp.FromNanoseconds(int(seconds * 1e9))
    return timestamp
