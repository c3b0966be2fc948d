"""Timed lyrics as players read them."""

from __future__ import annotations

import json
import re

from google.protobuf import duration_pb2
from hypothesis import given
from hypothesis import strategies as st

from quartet.lyrics import LyricLine, LyricScores, LyricsFormat, LyricsTiming, LyricWord
from quartet.v1 import music_pb2

SCORES = LyricScores(1, 0.9, 0.5, 0.405)


def line(text: str, *times: float) -> LyricLine:
    """A line whose words begin at times, the last of which is its end."""
    words = [LyricWord(word, start, end, 0.5) for word, start, end in zip(text.split(), times, times[1:], strict=False)]
    return LyricLine(text, times[0], times[-1], 0.5, tuple(words))


def timing(*lines: LyricLine) -> LyricsTiming:
    return LyricsTiming(lines, SCORES, ())


SONG = timing(
    line("Rain on the window", 1.0, 1.5, 2.0, 2.25, 4.004),
    line("hey <you> & me", 65.5, 66.0, 66.2, 66.3, 66.5),
    line("again", 67.0, 69.999),
    line("later", 3700.25, 3701.0),
)


def test_lrc() -> None:
    assert SONG.to_lrc() == (
        "[00:01.00]Rain on the window\n[01:05.50]hey <you> & me\n[01:07.00]again\n[61:40.25]later\n"
    )


def test_a_hundredth_is_never_the_sixtieth_second() -> None:
    assert timing(line("la", 59.999, 60.1)).to_lrc() == "[01:00.00]la\n"


def test_vtt_has_words_in_time_and_joins_short_lines_with_what_follows_closely() -> None:
    assert SONG.to_vtt() == (
        "WEBVTT\n\n"
        "00:00:01.000 --> 00:00:04.004\n"
        "Rain <00:00:01.500>on <00:00:02.000>the <00:00:02.250>window\n\n"
        "00:01:05.500 --> 00:01:09.999\n"
        "hey <00:01:06.000>&lt;you&gt; <00:01:06.200>&amp; <00:01:06.300>me\n"
        "<00:01:07.000>again\n\n"
        "01:01:40.250 --> 01:01:41.000\n"
        "later\n"
    )


def test_json_has_everything() -> None:
    written = json.loads(SONG.to_json())
    assert written["lines"][0]["words"][3] == {"text": "window", "start": 2.25, "end": 4.004, "confidence": 0.5}
    assert written["scores"]["overall"] == 0.405
    assert written["warnings"] == []


def test_a_file_of_each_form() -> None:
    assert SONG.to_text(LyricsFormat.LRC) == SONG.to_lrc()
    assert SONG.to_text(LyricsFormat.VTT) == SONG.to_vtt()
    assert SONG.to_text(LyricsFormat.JSON) == SONG.to_json()


def test_from_the_message() -> None:
    message = music_pb2.TranscribeLyricsTimingResponse(
        lines=[
            music_pb2.LyricLine(
                text="la",
                start=duration_pb2.Duration(seconds=1),
                end=duration_pb2.Duration(seconds=2, nanos=500_000_000),
                confidence=0.25,
                words=[
                    music_pb2.LyricWord(
                        text="la",
                        start=duration_pb2.Duration(seconds=1),
                        end=duration_pb2.Duration(seconds=2, nanos=500_000_000),
                        confidence=0.25,
                    )
                ],
            )
        ],
        scores=music_pb2.LyricScores(coverage=1, monotonicity=0.5, confidence=0.5, overall=0.125),
        warnings=["cut"],
    )
    assert LyricsTiming.of(message) == LyricsTiming(
        (LyricLine("la", 1.0, 2.5, 0.25, (LyricWord("la", 1.0, 2.5, 0.25),)),),
        LyricScores(1, 0.5, 0.5, 0.125),
        ("cut",),
    )


@given(st.lists(st.floats(0, 0.4), min_size=3, max_size=40))
def test_every_word_is_in_one_cue_and_times_rise(steps: list[float]) -> None:
    lines, at = [], 0.0
    for number, (one, two) in enumerate(zip(steps[::2], steps[1::2], strict=False)):
        lines.append(line(f"a{number} b{number}", at, at + one, at + one + two))
        at += one + two
    text = timing(*lines).to_vtt()
    shown = re.sub(r"<[\d:.]+>", "", text)
    for each in lines:
        assert shown.splitlines().count(each.text) == 1
    for cue in text.split("\n\n")[1:]:
        stamps = re.findall(r"\d\d:\d\d:\d\d\.\d\d\d", cue)
        start, end, *inner = stamps
        assert [start, *inner, end] == sorted({start, *inner, end})
