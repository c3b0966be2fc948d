"""What is done with a source, or without one: a row for each task."""

from __future__ import annotations

from quartet import (
    Complete,
    Cover,
    Edit,
    Extend,
    Extract,
    Lego,
    Region,
    Remix,
    Repaint,
    Retake,
    SongSpec,
    TextToMusic,
    Track,
)
from tests.checklist.rows import RECORD, SONG, SOURCE, UNPLANNED, Range, Setting, Start

_TASKS = "tests/integration/test_tasks.py::"
_FACTS = "tests/integration/test_task_facts.py::"
_HEARD = "tests/integration/test_refused_tasks.py::test_a_source_must_be_there_and_be_heard"

COVER = Start(SongSpec("piano", task=Cover(SOURCE)), ("cover", SOURCE, "piano"))
REPAINT = Start(
    SongSpec("piano", task=Repaint(SOURCE, (Region(0.4, 0.8),))),
    ("repaint", SOURCE, "piano", "--from", "0.4", "--to", "0.8"),
)
EXTEND = Start(SongSpec("piano", task=Extend(SOURCE, after=0.2)), ("extend", SOURCE, "piano", "--after", "0.2"))
EXTRACT = Start(SongSpec(task=Extract(SOURCE, (Track.BASS,))), ("extract", SOURCE, "bass"))
LEGO = Start(SongSpec("piano", task=Lego(SOURCE, Track.BASS)), ("lego", SOURCE, "bass", "piano"))
COMPLETE = Start(SongSpec("piano", task=Complete(SOURCE)), ("complete", SOURCE, "piano"))
EDIT = Start(SongSpec("piano", task=Edit(SOURCE, "drums")), ("edit", SOURCE, "piano", "--was", "drums"))
REMIX = Start(SongSpec("piano", task=Remix(SOURCE)), ("remix", SOURCE, "piano"))
RETAKE = Start(
    SongSpec("piano", seeds=(3,), thinking=UNPLANNED, task=Retake(seeds=(9,))), ("retake", RECORD, "--take-seed", "9")
)
STARTS = (COVER, REPAINT, EXTEND, EXTRACT, LEGO, COMPLETE, EDIT, REMIX, RETAKE)


def _task(names: str, start: Start, shown_by: str, range_: str, note: str = "") -> Setting:
    """The task itself, out of a song from words."""
    return Setting(
        field="task",
        names=names,
        start=Start(SongSpec(start.spec.caption, seeds=start.spec.seeds, thinking=start.spec.thinking), ()),
        flags=start.words,
        official="text2music",
        default=TextToMusic(),
        served="a song from words",
        range=Range(range_),
        example=start.spec.task,
        effect=shown_by,
        argument=start.words[0],
        note=note,
    )


def _source(start: Start, names: str = "") -> Setting:
    other = "cd" * 32
    return Setting(
        field="task.source",
        names=names,
        start=Start(start.spec, ()),
        flags=tuple(other if word == SOURCE else word for word in start.words),
        official="null",
        range=Range("a file, an upload or a result, of 10 to 600 s in the public models", (SOURCE,), ("",)),
        example=other,
        error=f"song.{type(start.spec.task).__name__.lower()}.source_audio_id",
        effect=_HEARD,
        argument="SOURCE",
    )


ROWS = (
    _task("3: text2music", SONG, f"{_TASKS}test_a_song_may_follow_codes_of_its_own", "all models"),
    _task(
        "2.1: task_type; 3: cover; 8: Send to Remix / Repaint",
        COVER,
        f"{_TASKS}test_a_cover_follows_the_codes_of_its_source",
        "all models",
        "task_type is the class; the official Remix mode, with `from_latents` for its no_fsq",
    ),
    _task(
        "3: repaint; 8: Repaint from own result",
        REPAINT,
        f"{_TASKS}test_a_result_is_a_source_without_being_encoded_again",
        "all models",
    ),
    _task(
        "8: Extend / outpaint",
        EXTEND,
        f"{_FACTS}test_an_extension_keeps_its_core_bit_by_bit",
        "all models",
        "a task of its own instead of a repaint beyond the ends",
    ),
    _task("3: extract; 8: Extract", EXTRACT, f"{_TASKS}test_every_track_is_extracted_in_one_request", "base models"),
    _task("3: lego; 8: Lego", LEGO, f"{_TASKS}test_a_track_is_made_for_a_source", "base models"),
    _task("3: complete; 8: Complete", COMPLETE, f"{_TASKS}test_a_source_is_accompanied", "base models"),
    _task("2.1: flow_edit_morph", EDIT, f"{_FACTS}test_an_edit_to_the_same_words_changes_nothing", "all models"),
    _task(
        "",
        REMIX,
        f"{_TASKS}test_a_remix_begins_with_its_noisy_source",
        "all models",
        "audio to audio, without hearing the source later",
    ),
    _task("", RETAKE, f"{_FACTS}test_takes_are_the_further_away_the_more_they_vary", "all models"),
    _source(COVER, "2.1: src_audio; 4: Source audio"),
    *(_source(start) for start in STARTS if start not in (COVER, RETAKE)),
)
