"""How the audio leaves."""

from __future__ import annotations

from quartet import AudioFormat, SongSpec
from tests.checklist.rows import SWITCH, Effect, Range, Setting, Start, between, characters, one_of

_MP3 = Start(SongSpec("piano", format="mp3"), ("song", "piano", "--format", "mp3"))
_FADE = Range("0 s to the length of the song, both together at most that", (0.0, 600.0), (-0.1, 600.1))

ROWS = (
    Setting(
        field="format",
        names="2.2: audio_format; 2.3: params.audio_format; 10: flac, wav, wav32, mp3, opus, aac, sidecar format",
        flags=("--format", "wav32f"),
        official="flac (UI, REST mp3)",
        default=AudioFormat.FLAC,
        range=one_of(AudioFormat, "aiff"),
        example="wav32f",
        effect=Effect.FILE,
        note="wav is `wav16` (or `wav24`), wav32 `wav32f`, aac `m4a`; also by the suffix of `--output`; "
        "FLAC has 24 bit, not 16",
    ),
    Setting(
        field="mp3_bitrate_kbps",
        names="2.2: mp3_bitrate; 2.3: params.mp3_*; 10: mp3 bitrate",
        start=_MP3,
        flags=("--mp3-bitrate", "320"),
        official="128k",
        default=0,
        served="128",
        range=Range("128, 192, 256, 320; only for MP3", (0, 128, 192, 256, 320), (127, 321, -1)),
        example=320,
        error="song.output.mp3_bitrate_kbps",
        effect=Effect.FILE,
        note="another one is refused, not replaced by 128",
    ),
    Setting(
        field="sample_rate",
        names="2.2: mp3_sample_rate; 10: mp3 sample rate",
        flags=("--sample-rate", "44100"),
        official="48000",
        default=0,
        served="48,000, the rate of the public models",
        range=Range("44,100, 48,000; of every format but Opus", (0, 44_100, 48_000), (44_099, 48_001, -1)),
        example=44_100,
        error="song.output.sample_rate",
        effect=Effect.RECORD,
    ),
    Setting(
        field="peak_dbfs",
        names="2.1: normalization_db; 10: normalization_db",
        flags=("--peak", "-6"),
        official="-1.0",
        served="-1; repaints and extensions keep the level of their source",
        range=between(-60, 0),
        example=-6.0,
        error="song.output.peak_dbfs",
        effect=Effect.AUDIO,
        note="a level above 0 is refused; the official application takes it for off, which is `keep_level`",
    ),
    Setting(
        field="keep_level",
        names="2.1: enable_normalization",
        flags=("--keep-level",),
        official="true",
        default=False,
        range=SWITCH,
        example=True,
        effect=Effect.AUDIO,
        note="the opposite of the official switch: off normalises",
    ),
    Setting(
        field="fade_in",
        names="2.1: fade_in_duration; 10: fades",
        flags=("--fade-in", "0.5"),
        official="0",
        default=0.0,
        range=_FADE,
        example=0.5,
        error="song.output.fade_in",
        effect=Effect.AUDIO,
    ),
    Setting(
        field="fade_out",
        names="2.1: fade_out_duration",
        flags=("--fade-out", "0.5"),
        official="0",
        default=0.0,
        range=_FADE,
        example=0.5,
        error="song.output.fade_out",
        effect=Effect.AUDIO,
    ),
    Setting(
        field="title",
        flags=("--title", "Rain"),
        default="",
        served="the first words of the caption",
        range=characters(256),
        example="Rain",
        error="song.output.title",
        effect=Effect.FILE,
        note="the official application writes no tags",
    ),
    Setting(
        field="no_tags",
        flags=("--no-tags",),
        default=False,
        range=SWITCH,
        example=True,
        effect=Effect.FILE,
    ),
)
