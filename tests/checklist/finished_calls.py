"""What can be known of a finished song: scores, lyrics in time, with the song itself or by calls later."""

from __future__ import annotations

from tests.checklist.rows import SOURCE, SWITCH, Call, CallSetting, Effect, Range, Setting, between, characters

JOB = "cd" * 12
SCORE = Call("score", {"job_id": JOB}, ("score", JOB))
_TIMING = Call("lyrics_timing", {"source": JOB}, ("lyrics-timing", JOB))
_RECORDING = Call("lyrics_timing", {"source": SOURCE, "lyrics": "la"}, ("lyrics-timing", SOURCE, "--lyrics", "la"))
_PLANNER = "tests/integration/test_planner.py::"
_LYRICS = "tests/integration/test_lyrics_timing.py::"
_CHECKS = "tests/integration/test_checks.py::test_every_item_has_the_scores_and_the_lines_that_it_has_later"
_HEARD = "tests/integration/test_lyrics_of_sources.py::test_a_recording_is_listened_to_with_its_words"

SETTINGS = (
    Setting(
        field="score",
        names="2.3: auto_score_time; 11: Auto Score",
        flags=("--score",),
        official="off",
        default=False,
        range=SWITCH,
        example=True,
        effect=_CHECKS,
        note="what cannot be scored is a warning; its time is that of the stage `check`",
    ),
    Setting(
        field="time_lyrics",
        names="2.3: auto_lrc_time; 11: Auto LRC",
        flags=("--lrc",),
        official="off",
        default=False,
        range=SWITCH,
        example=True,
        effect=_CHECKS,
        note="`--lrc` writes a file beside the audio, too",
    ),
)

ROWS = (
    CallSetting(
        call=Call("score", {}, ("score",)),
        field="job_id",
        names="11: Quality score",
        flags=(JOB,),
        argument="JOB",
        range=Range("a job with a plan, or one whose song is sung"),
        example=JOB,
        effect=f"{_PLANNER}test_scores",
    ),
    CallSetting(
        call=SCORE,
        field="item",
        flags=("--item", "1"),
        default=0,
        range=Range("0 to the last item", (), (-1,)),
        example=1,
        error="request",
        effect=f"{_PLANNER}test_scores",
    ),
    CallSetting(
        call=SCORE,
        field="scale",
        names="11: score scale",
        flags=("--scale", "1"),
        official="0.1 (UI 0.5)",
        served="0.1",
        open_is=0.1,
        range=between(0.01, 1, beyond=0.005),
        example=1.0,
        error="scale",
        effect=Effect.RECORD,
    ),
    CallSetting(
        call=SCORE,
        field="skip_tags",
        flags=("--skip-tags",),
        default=False,
        range=SWITCH,
        example=True,
        error="request",
        effect=Effect.RECORD,
    ),
    CallSetting(
        call=SCORE,
        field="genres",
        flags=("--genres", "lo-fi"),
        default="",
        range=characters(8192),
        example="lo-fi",
        error="genres",
        effect=Effect.RECORD,
    ),
    CallSetting(
        call=SCORE,
        field="model",
        flags=("--lm-model", "acestep-5Hz-lm-4B"),
        default="",
        served="the planner's first",
        range=Range("what the planner serves"),
        example="acestep-5Hz-lm-4B",
        effect="tests/services/planner/test_server.py::test_models_by_name",
    ),
    CallSetting(
        call=Call("lyrics_timing", {}, ("lyrics-timing",)),
        field="source",
        names="11: LRC, VTT",
        flags=(JOB,),
        argument="SONG",
        range=Range("a job whose song is sung or, with lyrics, a file, an upload or a result"),
        example=JOB,
        effect=f"{_LYRICS}test_every_line_once_in_order_and_within_the_song",
        note="`--format` lrc, vtt or json, or by the suffix of `--output`; `LyricsTiming.to_text` in Python",
    ),
    CallSetting(
        call=_TIMING,
        field="item",
        flags=("--item", "1"),
        default=0,
        range=Range("0 to the last item", (), (-1,)),
        example=1,
        error="request",
        effect=f"{_LYRICS}test_items_have_times_of_their_own_and_the_same_ones_every_time",
    ),
    CallSetting(
        call=Call("lyrics_timing", {"source": SOURCE}, ("lyrics-timing", SOURCE)),
        field="lyrics",
        flags=("--lyrics", "la la"),
        default="",
        range=Range("words that are sung, at most 32,768 characters"),
        example="la la",
        effect=_HEARD,
        note="of recordings; a job brings its own",
    ),
    CallSetting(
        call=_RECORDING,
        field="caption",
        flags=("--caption", "rain"),
        default="",
        range=characters(8192),
        example="rain",
        error="caption",
        effect=_HEARD,
    ),
    CallSetting(
        call=_RECORDING,
        field="vocal_language",
        flags=("--language", "de"),
        default="",
        range=Range("50 codes; empty, auto and unknown are open", ("", "auto", "de"), ("xx",)),
        example="de",
        error="vocal_language",
        effect=_HEARD,
    ),
)
