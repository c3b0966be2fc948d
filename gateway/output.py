"""How the files of a song leave: rules, the title where none is given, and what is written into them."""

from __future__ import annotations

from gateway.audio import writing
from gateway.audio.tags import Tags
from gateway.audio.writing import MP3_BITRATES_KBPS, OPUS_RATE, SAMPLE_RATES
from quartet.songs import AudioFormat, SongSpec
from quartet.tasks import Extend, Repaint
from quartet.v1 import music_pb2
from quartet.validation import Violations
from quartet.wire import seconds_of

INSTRUMENTAL = "[Instrumental]"
MAX_TITLE_CHARACTERS = 256
_TITLE_WORDS = 8
_TITLE_CHARACTERS = 64


def check_output(song: music_pb2.SongSpec, seconds: float, check: Violations) -> None:
    """Notes what is wrong with how a song of a length is to leave."""
    output = song.output
    known = output.format in music_pb2.AudioFormat.values()
    check.that(known, "song.output.format", f"{output.format} is not a known audio format")
    _check_file(output, check)
    if output.HasField("peak_dbfs"):
        check.within(output.peak_dbfs, -60, 0, "song.output.peak_dbfs")
    fades = {"fade_in": output.fade_in, "fade_out": output.fade_out}
    lengths = {name: seconds_of(fade) for name, fade in fades.items()}
    for name, length in lengths.items():
        check.within(length, 0, seconds, f"song.output.{name}")
    both = sum(lengths.values())
    if max(lengths.values()) <= seconds:
        check.that(both <= seconds, "song.output.fade_in", f"and fade_out take {both:g} s of a song of {seconds:g} s")


def _check_file(output: music_pb2.SongOutput, check: Violations) -> None:
    """Bit rate, sample rate and title."""
    bitrate, rate, field = output.mp3_bitrate_kbps, output.sample_rate, "song.output.mp3_bitrate_kbps"
    choices = ", ".join(str(choice) for choice in MP3_BITRATES_KBPS)
    if bitrate and check.that(bitrate in MP3_BITRATES_KBPS, field, f"is {bitrate}, must be one of {choices}"):
        is_mp3 = output.format == music_pb2.AUDIO_FORMAT_MP3
        check.that(is_mp3, field, "is only for MP3 files; leave it out or ask for MP3")
    field = "song.output.sample_rate"
    if rate and check.that(rate in SAMPLE_RATES, field, f"is {rate}, must be 44100 or 48000, or 0 for the codec's own"):
        fits = output.format != music_pb2.AUDIO_FORMAT_OPUS or rate == OPUS_RATE
        check.that(fits, field, f"is {rate}, but Opus files have {OPUS_RATE}; leave it out or ask for another format")
    check.characters(output.title, MAX_TITLE_CHARACTERS, "song.output.title")


def output_of(song: SongSpec) -> writing.Output:
    """How the files of a song are written. The level of a source that stays is its own, unless told otherwise."""
    return writing.Output(
        format=AudioFormat(song.format),
        peak_dbfs=writing.DEFAULT_PEAK_DBFS if song.peak_dbfs is None else song.peak_dbfs,
        keep_level=song.keep_level or (song.peak_dbfs is None and isinstance(song.task, Repaint | Extend)),
        fade_in=song.fade_in,
        fade_out=song.fade_out,
        sample_rate=song.sample_rate,
        mp3_bitrate_kbps=song.mp3_bitrate_kbps or writing.DEFAULT_MP3_BITRATE_KBPS,
    )


def tags_of(song: SongSpec, index: int) -> Tags | None:
    """What the file of an item says of it. Nothing in them tells items of a job apart but the seed."""
    if song.no_tags:
        return None
    return Tags(
        title=song.title,
        description=song.caption,
        lyrics="" if song.lyrics == INSTRUMENTAL else song.lyrics,
        bpm=song.bpm,
        key=song.key_scale,
        seed=song.seeds[index],
        model=song.model,
    )


def title_of(song: SongSpec) -> str:
    """The title that was given, or the first words of the caption or of the lyrics that are sung."""
    sung = "" if song.instrumental else _first_line(song.lyrics)
    return " ".join(song.title.split()) or _first_words(song.caption) or _first_words(sung)


def _first_words(text: str) -> str:
    """A title from a text: at most eight words and 64 characters of it."""
    title = ""
    for word in text.split()[:_TITLE_WORDS]:
        longer = f"{title} {word}" if title else word[:_TITLE_CHARACTERS]
        if len(longer) > _TITLE_CHARACTERS:
            break
        title = longer
    return title.rstrip(",;:-–—")


def _first_line(lyrics: str) -> str:
    """The first line that is sung."""
    lines = (line.strip() for line in lyrics.splitlines())
    return next((line for line in lines if line and not line.startswith("[")), "")
