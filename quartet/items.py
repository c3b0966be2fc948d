"""One song of a job: its file, what is needed to make it again, and what was found out about it."""

from __future__ import annotations

from dataclasses import dataclass, field

from quartet.lyrics import LyricLine, LyricScores, LyricsTiming
from quartet.songs import AudioFormat
from quartet.task_messages import track_name
from quartet.v1 import music_pb2
from quartet.wire import chosen, optional


@dataclass(frozen=True)
class SongItem:
    """One song of a job. `bytes` and `sha256` are the file's, `samples` per channel, `peak` before normalisation.

    `codes` are the audio codes that the song followed, none where it was made without a plan; `code_reward` says how
    well they fit its words, 0 to 1, where the best of several was chosen. `track` names the part of a song that it is,
    `variation_seed` is the second seed of a retake.

    What the song asked to be found out: `scores` by name, as in `quartet.scores.Scores`, `lyric_lines` in time, and
    `lyric_scores`, which come with both of them.
    """

    index: int
    seed: int
    audio_id: str
    format: AudioFormat
    bytes: int
    sha256: str
    samples: int
    sample_rate: int
    channels: int
    peak: float
    timesteps: tuple[float, ...]
    codes: tuple[int, ...]
    code_seed: int
    code_reward: float | None
    track: str
    variation_seed: int | None
    scores: dict[str, float] = field(default_factory=dict)
    lyric_lines: tuple[LyricLine, ...] = ()
    lyric_scores: LyricScores | None = None

    @property
    def lyrics_timing(self) -> LyricsTiming | None:
        """The lyrics in time; None where they were not asked for or not found."""
        if self.lyric_scores is None or not self.lyric_lines:
            return None
        return LyricsTiming(self.lyric_lines, self.lyric_scores, ())

    @classmethod
    def of(cls, message: music_pb2.SongItem) -> SongItem:
        """From the message."""
        return cls(
            index=message.index,
            seed=message.seed,
            audio_id=message.audio_id,
            format=chosen(AudioFormat, music_pb2.AudioFormat, message.format, "AUDIO_FORMAT") or AudioFormat.FLAC,
            bytes=message.bytes,
            sha256=message.sha256,
            samples=message.samples,
            sample_rate=message.sample_rate,
            channels=message.channels,
            peak=message.peak,
            timesteps=tuple(message.timesteps),
            codes=tuple(message.codes),
            code_seed=message.code_seed,
            code_reward=optional(message, "code_reward"),
            track=track_name(message.track),
            variation_seed=optional(message, "variation_seed"),
            scores=dict(message.scores),
            lyric_lines=tuple(LyricLine.of(line) for line in message.lyric_lines),
            lyric_scores=LyricScores.of(message.lyric_scores) if message.HasField("lyric_scores") else None,
        )
