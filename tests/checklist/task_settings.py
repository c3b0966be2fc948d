"""The settings of new songs, covers, repaints, extensions and of tasks of single tracks."""

from __future__ import annotations

from quartet import Region, RepaintMode, Track
from tests.checklist.rows import SWITCH, Effect, Range, Setting, Start, between, one_of, replaced
from tests.checklist.tasks import COMPLETE, COVER, EXTEND, EXTRACT, LEGO, REPAINT

_TASKS = "tests/integration/test_tasks.py::"
_FACTS = "tests/integration/test_task_facts.py::"


def _regions(*pairs: tuple[float, float | None]) -> tuple[Region, ...]:
    return tuple(Region(*pair) for pair in pairs)


def _seconds(count: int) -> tuple[Region, ...]:
    return _regions(*((float(second), second + 0.5) for second in range(count)))


_SHARE = between(0, 1)
_HALF_COVER = Start(
    replaced(COVER.spec, "task.strength", 0.5),
    (*COVER.words, "--strength", "0.5"),
)
_REPAINT_OF_NOTHING = Start(replaced(REPAINT.spec, "task.regions", ()), REPAINT.words[:3])
_EXTEND_BY_NOTHING = Start(replaced(EXTEND.spec, "task.after", 0.0), EXTEND.words[:3])
_PARTS = "at most 32 parts within the source that do not overlap"
_WRONG_PARTS = (
    _regions((-0.1, 1.0)),
    _regions((60.0, None)),
    _regions((1.0, 60.1)),
    _regions((2.0, 1.0)),
    _regions((0.0, 2.0), (1.0, 3.0)),
    _seconds(33),
)
_BORDER_PARTS = (_regions((0.0, 59.9)), _regions((59.96, None)), _seconds(32))

_COVER = (
    Setting(
        field="task.strength",
        names="2.1: audio_cover_strength; 7: audio_cover_strength; 8: audio_cover_strength",
        start=COVER,
        flags=("--strength", "0.5"),
        official="1.0",
        served="1",
        open_is=1.0,
        range=_SHARE,
        example=0.5,
        error="song.cover.strength",
        effect=Effect.AUDIO,
    ),
    Setting(
        field="task.noise_strength",
        names="2.1: cover_noise_strength; 8: cover_noise_strength",
        start=COVER,
        flags=("--noise-strength", "0.5"),
        official="0.0",
        served="0",
        open_is=0.0,
        range=_SHARE,
        example=0.5,
        error="song.cover.noise_strength",
        effect=Effect.AUDIO,
    ),
    Setting(
        field="task.from_latents",
        names="3: cover-nofsq; 8: no_fsq",
        start=COVER,
        flags=("--from-latents",),
        official="false",
        default=False,
        range=SWITCH,
        example=True,
        effect=Effect.AUDIO,
    ),
    Setting(
        field="task.blend",
        start=_HALF_COVER,
        flags=("--blend",),
        default=False,
        range=Range("on, off; needs a strength", (False, True), ("yes",)),
        example=True,
        effect=Effect.AUDIO,
        note="weighs both conditions at every step, as diffusers does",
    ),
)
_REPAINT = (
    Setting(
        field="task.regions",
        names="2.1: repainting_start, repainting_end; 5: repainting_end; 8: start, end",
        start=_REPAINT_OF_NOTHING,
        flags=("--from", "0.4", "--to", "0.8", "--from", "0.9"),
        official="0, -1",
        range=Range(
            "1 to 32 parts within the source that do not overlap and leave something",
            _BORDER_PARTS,
            ((), *_WRONG_PARTS),
        ),
        example=_regions((0.4, 0.8), (0.9, None)),
        error="song.repaint.regions",
        effect=f"{_FACTS}test_a_repaint_changes_its_regions_and_nothing_else",
        note="a part without an end reaches to that of the source; beyond the ends is `Extend`",
    ),
    Setting(
        field="task.mode",
        names="2.1: repaint_mode; 8: mode",
        start=REPAINT,
        flags=("--mode", "conservative"),
        official="balanced",
        served="balanced",
        open_is="balanced",
        range=one_of(RepaintMode, "careful"),
        example="conservative",
        effect=Effect.AUDIO,
    ),
    Setting(
        field="task.strength",
        names="2.1: repaint_strength; 8: strength",
        start=REPAINT,
        flags=("--strength", "0"),
        official="0.5",
        served="0.5",
        open_is=0.5,
        range=Range("0 to 1; of balanced repaints", (0.0, 1.0), (-0.01, 1.01)),
        example=0.0,
        error="song.repaint.strength",
        effect=Effect.AUDIO,
    ),
    Setting(
        field="task.free_mask",
        names="2.1: chunk_mask_mode; 8: chunk_mask_mode auto",
        start=REPAINT,
        flags=("--free-mask",),
        official="auto",
        default=False,
        range=SWITCH,
        example=True,
        effect=Effect.AUDIO,
        note="on is auto; off is the mask that the models were trained with",
    ),
)
_OTHERS = (
    Setting(
        field="task.before",
        start=EXTEND,
        flags=("--before", "0.2"),
        default=0.0,
        range=Range("0 s up; the whole at most the model's longest", (0.0, 539.8), (-1.0, 539.9)),
        example=0.2,
        error="song.extend",
        effect=Effect.AUDIO,
        note="the official application: repainting_start below 0",
    ),
    Setting(
        field="task.after",
        start=_EXTEND_BY_NOTHING,
        flags=("--after", "0.2"),
        default=0.0,
        range=Range(
            "0 s up; the whole at most the model's longest; one of both is needed", (0.04, 540.0), (0.0, -1.0, 540.1)
        ),
        example=0.2,
        error="song.extend.after",
        effect=f"{_FACTS}test_an_extension_keeps_its_core_bit_by_bit",
        note="the official application: repainting_end beyond the source",
    ),
    Setting(
        field="task.tracks",
        start=Start(EXTRACT.spec, EXTRACT.words[:2]),
        flags=("drums", "vocals"),
        argument="TRACKS",
        range=Range(
            "1 to 12 tracks, each once", ((Track.BASS,), tuple(Track)), ((), (Track.BASS, Track.BASS), ("kazoo",))
        ),
        example=(Track.DRUMS, Track.VOCALS),
        error="song.extract.tracks",
        effect=f"{_TASKS}test_every_track_is_extracted_in_one_request",
        note="one item for each; the official application takes one a run",
    ),
    Setting(
        field="task.track",
        names=f"3: {', '.join(track.value for track in Track)}",
        start=Start(LEGO.spec, ("lego",)),
        flags=(LEGO.words[1], "drums", "piano"),
        argument="TRACK",
        range=Range(", ".join(track.value for track in Track), tuple(Track), ("kazoo",)),
        example=Track.DRUMS,
        effect=Effect.AUDIO,
    ),
    Setting(
        field="task.regions",
        start=LEGO,
        flags=("--from", "0.2", "--to", "0.6"),
        default=(),
        served="everywhere",
        range=Range(_PARTS, ((), *_BORDER_PARTS), _WRONG_PARTS),
        example=_regions((0.2, 0.6)),
        error="song.lego.regions",
        effect=Effect.AUDIO,
    ),
    Setting(
        field="task.tracks",
        start=COMPLETE,
        flags=("--track", "drums"),
        default=(),
        served="the model's choice",
        range=Range("at most 12 tracks, each once", ((), tuple(Track)), ((Track.BASS, Track.BASS), ("kazoo",))),
        example=(Track.DRUMS,),
        error="song.complete.tracks",
        effect=Effect.AUDIO,
    ),
)
_CODES = Setting(
    field="task.codes",
    names="2.1: audio_codes; 4: Audio codes as input",
    flags=("--codes", "CODES.txt"),
    official='""',
    default=(),
    range=Range(
        "50 to 3,000 codes of 0 to 63,999, 5 a second",
        ((0,) * 50, (63_999,) * 3000),
        ((64_000,) * 50, (0,) * 3001, (0,) * 49, (-1,) * 50),
    ),
    example=(5, 7, 9, 11, 13),
    error="song.text_to_music.codes",
    effect=f"{_TASKS}test_a_song_may_follow_codes_of_its_own",
    note="codes out of range are refused, not clamped",
)

_CODE_STRENGTH = Setting(
    field="task.code_strength",
    names="2.1: audio_cover_strength; 7: audio_cover_strength",
    flags=("--code-strength", "0.5"),
    official="1.0",
    served="1",
    range=_SHARE,
    example=0.5,
    error="song.text_to_music.code_strength",
    effect=f"{_TASKS}test_a_song_may_leave_its_codes_on_the_way",
    note="of codes that are given, and of those that the planner writes",
)

ROWS = (_CODES, _CODE_STRENGTH, *_COVER, *_REPAINT, *_OTHERS)
