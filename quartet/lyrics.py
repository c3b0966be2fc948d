"""Lyrics in time, and the files that players read: LRC, WebVTT, JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from quartet.documents import to_json
from quartet.v1 import music_pb2
from quartet.wire import seconds_of

# Cues that are shorter than this take in what follows within the same time, as subtitles of the official application.
SHORTEST_CUE_SECONDS = 2.0


class LyricsFormat(StrEnum):
    """A file of timed lyrics; its value is the suffix without the dot."""

    LRC = "lrc"
    VTT = "vtt"
    JSON = "json"


@dataclass(frozen=True)
class LyricWord:
    """A word in seconds. The confidence, 0 to 1, is the share of the energy of its attention that lies in its time."""

    text: str
    start: float
    end: float
    confidence: float

    @classmethod
    def of(cls, message: music_pb2.LyricWord) -> Self:
        """From the message."""
        return cls(message.text, seconds_of(message.start), seconds_of(message.end), message.confidence)


@dataclass(frozen=True)
class LyricLine:
    """A sung line in seconds; its confidence is the mean of that of its words."""

    text: str
    start: float
    end: float
    confidence: float
    words: tuple[LyricWord, ...]

    @classmethod
    def of(cls, message: music_pb2.LyricLine) -> Self:
        """From the message."""
        words = tuple(LyricWord.of(word) for word in message.words)
        return cls(message.text, seconds_of(message.start), seconds_of(message.end), message.confidence, words)


@dataclass(frozen=True)
class LyricScores:
    """How well the music follows its lyrics, each 0 to 1.

    Attributes:
        coverage: Share of the sung tokens that get noticeable attention at some time.
        monotonicity: Share of neighbouring tokens that come in the order of the lyrics.
        confidence: Mean attention along the lyrics' way through the song.
        overall: coverage² · monotonicity² · confidence.
    """

    coverage: float
    monotonicity: float
    confidence: float
    overall: float

    @classmethod
    def of(cls, message: music_pb2.LyricScores) -> Self:
        """From the message."""
        return cls(message.coverage, message.monotonicity, message.confidence, message.overall)


@dataclass(frozen=True)
class LyricsTiming:
    """When the lines of a song are sung, in their order, and how well they are followed."""

    lines: tuple[LyricLine, ...]
    scores: LyricScores
    warnings: tuple[str, ...]

    @classmethod
    def of(cls, message: music_pb2.TranscribeLyricsTimingResponse) -> Self:
        """From the message."""
        return cls(
            lines=tuple(LyricLine.of(line) for line in message.lines),
            scores=LyricScores.of(message.scores),
            warnings=tuple(message.warnings),
        )

    def to_text(self, form: LyricsFormat) -> str:
        """The content of a file."""
        return {LyricsFormat.LRC: self.to_lrc, LyricsFormat.VTT: self.to_vtt, LyricsFormat.JSON: self.to_json}[form]()

    def to_lrc(self) -> str:
        """A line of the file for each line that is sung: `[mm:ss.xx]text`."""
        return "".join(f"[{_minutes(line.start)}]{line.text}\n" for line in self.lines)

    def to_vtt(self) -> str:
        """Subtitles in which each word has its time; short lines share one cue with what follows closely."""
        cues = (_cue(lines) for lines in _shared_cues(self.lines))
        return "\n".join(["WEBVTT\n", *cues])

    def to_json(self) -> str:
        """All of it, with the names of these dataclasses."""
        return to_json(self) + "\n"


def _shared_cues(lines: Iterable[LyricLine]) -> list[list[LyricLine]]:
    cues: list[list[LyricLine]] = []
    for line in lines:
        is_short = bool(cues) and cues[-1][-1].end - cues[-1][0].start < SHORTEST_CUE_SECONDS
        if is_short and line.start - cues[-1][-1].end < SHORTEST_CUE_SECONDS:
            cues[-1].append(line)
        else:
            cues.append([line])
    return cues


def _cue(lines: Sequence[LyricLine]) -> str:
    """A cue; a player wants it to last, and its inner times to rise."""
    start = round(lines[0].start * 1000)
    end = max(round(lines[-1].end * 1000), start + 1)
    texts, shown = [], start
    for line in lines:
        parts, rest = [], line.text
        for word in line.words:
            before, _, rest = rest.partition(word.text)
            at = round(word.start * 1000)
            mark, shown = (f"<{_hours(at)}>", at) if shown < at < end else ("", shown)
            parts.append(f"{_escaped(before)}{mark}{_escaped(word.text)}")
        texts.append("".join(parts) + _escaped(rest))
    return f"{_hours(start)} --> {_hours(end)}\n" + "".join(f"{text}\n" for text in texts)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _minutes(seconds: float) -> str:
    hundredths = round(seconds * 100)
    return f"{hundredths // 6000:02}:{hundredths // 100 % 60:02}.{hundredths % 100:02}"


def _hours(milliseconds: int) -> str:
    seconds = milliseconds // 1000
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{milliseconds % 1000:03}"
