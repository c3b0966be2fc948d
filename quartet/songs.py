"""What to make, as one typed value: `SongSpec` and the choices in it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TypedDict

from quartet.errors import FieldViolation, InvalidRequestError
from quartet.planning import Blueprint, Thinking, unless_open
from quartet.sampling import (
    GuidanceMode,
    SamplerMethod,
    Wavelet,
    WaveletMode,
    sampling_fields,
    sampling_message,
)
from quartet.task_messages import task_fields, task_of
from quartet.tasks import Task, TextToMusic
from quartet.v1 import music_pb2, stage_pb2
from quartet.wire import chosen, duration_message, given_seeds, seconds_of, wire_name

__all__ = [
    "AudioFormat",
    "GuidanceMode",
    "SamplerMethod",
    "SongOptions",
    "SongSpec",
    "Wavelet",
    "WaveletMode",
]


class AudioFormat(StrEnum):
    """Container and codec of an audio file."""

    FLAC = "flac"
    WAV16 = "wav16"
    WAV24 = "wav24"
    WAV32F = "wav32f"
    MP3 = "mp3"
    OPUS = "opus"
    VORBIS = "vorbis"
    M4A = "m4a"
    AAC = "aac"

    @property
    def suffix(self) -> str:
        """Suffix of file names, with the dot."""
        if self in (AudioFormat.WAV16, AudioFormat.WAV24, AudioFormat.WAV32F):
            return ".wav"
        return ".ogg" if self is AudioFormat.VORBIS else f".{self.value}"

    @classmethod
    def for_suffix(cls, suffix: str) -> AudioFormat:
        """The usual format of a file name's suffix. Raises ValueError."""
        for choice in (cls.FLAC, cls.WAV24, cls.MP3, cls.OPUS, cls.VORBIS, cls.M4A, cls.AAC):
            if choice.suffix == suffix.lower():
                return choice
        raise ValueError(
            f"{suffix or 'no suffix'} is no audio format; use .flac, .wav, .mp3, .m4a, .aac, .opus or .ogg"
        )


class SongOptions(TypedDict, total=False):
    """Keyword arguments of `generate`, `stream` and `create_job`: the fields of `SongSpec`, `seed` for one item, and
    `think` for that wish of `thinking`."""

    task: Task
    lyrics: str
    instrumental: bool
    duration: float | None
    bpm: int | None
    key_scale: str
    time_signature: str
    vocal_language: str
    reference: Path | None
    reference_audio_id: str
    items: int
    seed: int | None
    seeds: tuple[int, ...]
    model: str
    steps: int
    shift: float | None
    timesteps: tuple[float, ...]
    snap_timesteps: bool
    method: SamplerMethod | str | None
    guidance: float | None
    guidance_mode: GuidanceMode | str | None
    guidance_interval: tuple[float, float] | None
    wavelet_correction: tuple[float, float] | None
    wavelet_mode: WaveletMode | str | None
    wavelet: Wavelet | str | None
    velocity_clamp: float | None
    velocity_ema: float | None
    latent_shift: float | None
    latent_rescale: float | None
    format: AudioFormat | str
    peak_dbfs: float | None
    keep_level: bool
    fade_in: float
    fade_out: float
    mp3_bitrate_kbps: int
    sample_rate: int
    title: str
    no_tags: bool
    score: bool
    time_lyrics: bool
    thinking: Thinking
    think: bool | None


@dataclass(frozen=True)
class SongSpec:
    """A wish for 1 to 8 songs. None and empty values leave the choice to the server.

    Attributes:
        caption: Description of the music.
        lyrics: Lyrics with structure tags such as "[Verse]"; empty asks for an instrumental.
        instrumental: Sings none of the lyrics; the record keeps them for a song that does.
        task: What is done, such as `Cover(source)`; by default a new song from words.
        duration: Length in seconds. None and what is not above 0 leave it open. Tasks with a source have its length.
        bpm, key_scale, time_signature, vocal_language: What is known of the music, such as 92, "A minor", "4", "en".
            None, 0 and -1, "", "auto", "N/A" and "unknown" leave it open.
        reference: Audio file whose sound the song takes on; it is uploaded when the call starts.
        reference_audio_id: The same as the id of an upload or of an earlier result.
        items: Songs to make, 1 to 8.
        seeds: Seeds of the items by position; items without one, and those of -1, take a random seed.
        model: DiT model.
        steps, shift, timesteps, method: The noise levels of the sampler and how it steps between them.
        snap_timesteps: Moves the timesteps to the nearest levels that turbo models were distilled at.
        guidance, guidance_mode, guidance_interval: Scale, mode and range of noise levels of guidance.
        wavelet_correction: Weights of the low and of the high band; (0, 0) turns it off.
        wavelet_mode, wavelet: What those weights weigh, and what parts the bands; None takes DOUBLE and HAAR.
        velocity_clamp: Longest velocity of a step, as a multiple of the length of the latents; 0 shortens none.
        velocity_ema: Share of the previous step's velocity in that of each step.
        latent_shift, latent_rescale: Latents are multiplied with the latter, then the former is added, before they
            are decoded; what stays of a source is left as it is.
        format: Of the audio files.
        peak_dbfs: Peak after normalisation.
        keep_level: Leaves the level alone where it does not exceed full scale.
        fade_in, fade_out: Seconds.
        mp3_bitrate_kbps: Of MP3 files: 128, 192, 256 or 320; 0 takes 128.
        sample_rate: Of the files: 44,100 or 48,000; 0 takes the model's, which is 48,000 in the public ones.
        title: In the tags of the files; empty takes the first words of the caption.
        no_tags: Leaves the tags out.
        score: Scores every item once it is made; the scores are in the record.
        time_lyrics: Finds when the lyrics of every item are sung; the lines are in the record.
        thinking: What the planner does before the music is made.
    """

    caption: str = ""
    lyrics: str = ""
    task: Task = TextToMusic()
    duration: float | None = None
    bpm: int | None = None
    key_scale: str = ""
    time_signature: str = ""
    vocal_language: str = ""
    reference: Path | None = None
    reference_audio_id: str = ""
    items: int = 1
    seeds: tuple[int, ...] = ()
    model: str = ""
    steps: int = 0
    shift: float | None = None
    timesteps: tuple[float, ...] = ()
    snap_timesteps: bool = False
    method: SamplerMethod | str | None = None
    guidance: float | None = None
    guidance_mode: GuidanceMode | str | None = None
    guidance_interval: tuple[float, float] | None = None
    wavelet_correction: tuple[float, float] | None = None
    wavelet_mode: WaveletMode | str | None = None
    wavelet: Wavelet | str | None = None
    velocity_clamp: float | None = None
    velocity_ema: float | None = None
    latent_shift: float | None = None
    latent_rescale: float | None = None
    format: AudioFormat | str = AudioFormat.FLAC
    peak_dbfs: float | None = None
    keep_level: bool = False
    fade_in: float = 0.0
    fade_out: float = 0.0
    mp3_bitrate_kbps: int = 0
    sample_rate: int = 0
    title: str = ""
    no_tags: bool = False
    score: bool = False
    time_lyrics: bool = False
    thinking: Thinking = Thinking()
    instrumental: bool = False

    @classmethod
    def of(cls, words: Blueprint) -> SongSpec:
        """A song of words that the planner wrote or heard, such as `Composition.blueprint`; what they leave open is."""
        return cls(**dataclasses.asdict(words))

    def with_options(self, options: SongOptions) -> SongSpec:
        """A copy with some fields replaced; `seed` stands for `seeds=(seed,)`."""
        changes: dict[str, Any] = dict(options)
        seed = changes.pop("seed", None)
        if seed is not None:
            changes["seeds"] = (seed,)
        if "think" in changes:
            thinking = changes.get("thinking", self.thinking)
            changes["thinking"] = dataclasses.replace(thinking, think=changes.pop("think"))
        return dataclasses.replace(self, **changes)

    def to_message(self, reference_audio_id: str = "") -> music_pb2.SongSpec:
        """As a message; `reference` must have become an id by now. Raises InvalidRequestError for unknown names and
        for numbers that the message cannot hold; all other rules are the server's."""
        try:
            return self._message(reference_audio_id or self.reference_audio_id)
        except (OverflowError, TypeError, ValueError) as error:
            raise InvalidRequestError.of(self._unsayable() or [FieldViolation("song", str(error))]) from None

    def _unsayable(self) -> list[FieldViolation]:
        """Fields that no message can hold, whatever the others are."""
        found = []
        for field in dataclasses.fields(self):
            alone = dataclasses.replace(SongSpec(), **{field.name: getattr(self, field.name)})
            try:
                alone._message("")
            except (OverflowError, TypeError, ValueError) as error:
                found.append(FieldViolation(f"song.{field.name}", str(error)))
            except InvalidRequestError:
                continue  # what needs another field beside it
        return found

    def _message(self, reference_audio_id: str) -> music_pb2.SongSpec:
        return music_pb2.SongSpec(
            **task_fields(self.task),
            caption=self.caption,
            lyrics=self.lyrics,
            metadata=stage_pb2.Metadata(
                bpm=unless_open(self.bpm),
                key_scale=self.key_scale,
                time_signature=self.time_signature,
                vocal_language=self.vocal_language,
            ),
            duration=duration_message(unless_open(self.duration)),
            reference_audio_id=reference_audio_id,
            items=self.items,
            seeds=given_seeds(self.seeds),
            model=self.model,
            sampling=sampling_message(self),
            output=music_pb2.SongOutput(
                format=wire_name(AudioFormat, self.format, "AUDIO_FORMAT"),
                peak_dbfs=self.peak_dbfs,
                keep_level=self.keep_level,
                fade_in=duration_message(self.fade_in or None),
                fade_out=duration_message(self.fade_out or None),
                mp3_bitrate_kbps=self.mp3_bitrate_kbps,
                sample_rate=self.sample_rate,
                title=self.title,
                no_tags=self.no_tags,
            ),
            thinking=self.thinking.to_message(),
            instrumental=self.instrumental,
            checks=music_pb2.SongChecks(scores=self.score, lyrics_timing=self.time_lyrics),
        )

    @classmethod
    def from_message(cls, message: music_pb2.SongSpec) -> SongSpec:
        """What a server says that it makes or made."""
        audio_format = chosen(AudioFormat, music_pb2.AudioFormat, message.output.format, "AUDIO_FORMAT")
        return cls(
            caption=message.caption,
            lyrics=message.lyrics,
            task=task_of(message),
            duration=seconds_of(message.duration) if message.HasField("duration") else None,
            bpm=message.metadata.bpm if message.metadata.HasField("bpm") else None,
            key_scale=message.metadata.key_scale,
            time_signature=message.metadata.time_signature,
            vocal_language=message.metadata.vocal_language,
            reference_audio_id=message.reference_audio_id,
            items=message.items or 1,
            seeds=tuple(message.seeds),
            model=message.model,
            **sampling_fields(message.sampling),
            format=audio_format or AudioFormat.FLAC,
            peak_dbfs=message.output.peak_dbfs if message.output.HasField("peak_dbfs") else None,
            keep_level=message.output.keep_level,
            fade_in=seconds_of(message.output.fade_in),
            fade_out=seconds_of(message.output.fade_out),
            mp3_bitrate_kbps=message.output.mp3_bitrate_kbps,
            sample_rate=message.output.sample_rate,
            title=message.output.title,
            no_tags=message.output.no_tags,
            score=message.checks.scores,
            time_lyrics=message.checks.lyrics_timing,
            thinking=Thinking.from_message(message.thinking),
            instrumental=message.instrumental,
        )
