"""What a song is of: words, metadata, length, reference, items."""

from __future__ import annotations

from pathlib import Path

from quartet import SongSpec
from tests.checklist.rows import SWITCH, Effect, Range, Setting, Start, characters

_OPEN = "open: the planner finds it, else it is left out"
_TEST_SONG = "tests/integration/test_song.py"
_REFERENCE = f"{_TEST_SONG}::test_a_reference_changes_the_song_and_a_result_can_be_one"
_SEED_LIMIT = 2**32

ROWS = (
    Setting(
        field="caption",
        names="2.1: caption; 4: Caption; 5: caption/lyrics; 8: caption",
        start=Start(SongSpec(lyrics="[Verse]\nla"), ("song", "--lyrics", "[Verse]\nla")),
        flags=("rain",),
        argument="CAPTION",
        official='""',
        default="",
        range=characters(8192),
        example="rain",
        error="song.caption",
        effect=Effect.AUDIO,
        note="caption or lyrics must be given; what exceeds the encoder's 256 tokens is cut, with a warning",
    ),
    Setting(
        field="lyrics",
        names="2.1: lyrics; 4: Lyrics with structure tags; 8: lyrics",
        flags=("--lyrics", "[Verse]\nla la"),
        official='""',
        default="",
        served="no vocals",
        open_is="[Instrumental]",
        range=Range(
            "at most 10,000 characters where a planner reads them, else 32,768", ("a" * 10_000,), ("a" * 10_001,)
        ),
        example="[Verse]\nla la",
        error="song.lyrics",
        effect=Effect.AUDIO,
        note="empty and `[Instrumental]` are an instrumental; also `--lyrics-file`",
    ),
    Setting(
        field="instrumental",
        names="2.1: instrumental; 4: Instrumental switch",
        start=Start(SongSpec("piano", "[Verse]\nla"), ("song", "piano", "--lyrics", "[Verse]\nla")),
        flags=("--instrumental",),
        official="false",
        default=False,
        range=SWITCH,
        example=True,
        effect=Effect.AUDIO,
        note="the record keeps the lyrics for when it is switched off",
    ),
    Setting(
        field="vocal_language",
        names="2.1: vocal_language; 5: vocal_language",
        flags=("--language", "de"),
        official="unknown",
        default="",
        served=_OPEN,
        range=Range(
            "50 codes; empty, auto and unknown are open", ("", "auto", "unknown", "en", "yue"), ("xx", "english")
        ),
        example="de",
        error="song.metadata.vocal_language",
        effect=Effect.AUDIO,
    ),
    Setting(
        field="bpm",
        names="2.1: bpm; 5: bpm",
        flags=("--bpm", "90"),
        official="null",
        served=_OPEN,
        range=Range("30 to 300; 0 and -1 are open", (30, 300, 0, -1, None), (29, 301)),
        example=90,
        error="song.metadata.bpm",
        effect=Effect.AUDIO,
        note="the official application does not check your value",
    ),
    Setting(
        field="key_scale",
        names="2.1: keyscale; 5: keyscale",
        flags=("--key", "A minor"),
        official='""',
        default="",
        served=_OPEN,
        range=Range(
            "70 keys such as F# minor where a planner is asked, else any text of 32 characters; "
            "empty, auto and N/A are open",
            ("", "auto", "N/A", "C major", "F# minor", "B♭ minor"),
            ("H dorian", "x" * 33),
        ),
        example="A minor",
        error="song.metadata.key_scale",
        effect=Effect.AUDIO,
    ),
    Setting(
        field="time_signature",
        names="2.1: timesignature; 5: timesignature",
        flags=("--meter", "3"),
        official='""',
        default="",
        served=_OPEN,
        range=Range("2, 3, 4, 6; empty, auto and N/A are open", ("", "N/A", "2", "3", "4", "6", "6/8"), ("5", "7/8")),
        example="3",
        error="song.metadata.time_signature",
        effect=Effect.AUDIO,
    ),
    Setting(
        field="duration",
        names="2.1: duration; 5: duration",
        flags=("--duration", "12.5"),
        official="-1",
        served="open: the planner chooses it, else 120 s",
        range=Range(
            "10 to 600 s in the public models; not above 0 is open", (10.0, 600.0, 0.0, -1.0, None), (9.99, 600.01)
        ),
        example=12.5,
        error="song.duration",
        effect=f"{_TEST_SONG}::test_a_song_has_the_whole_latent_frames_of_its_duration",
        note="never clamped; songs from sources take theirs",
    ),
    Setting(
        field="reference",
        names="2.1: reference_audio; 4: Reference audio; 8: reference audio",
        flags=("--reference", __file__),
        official="null",
        range=Range("any audio file that is not silent, at most 900 s"),
        example=Path(__file__),
        effect=_REFERENCE,
        note="also in M4A, MP4 and WebM; of long ones three pieces are heard, always the same",
    ),
    Setting(
        field="reference_audio_id",
        names="4: Voice conditioning",
        flags=("--reference", "cd" * 32),
        default="",
        range=Range("an upload, or the audio of a result"),
        example="cd" * 32,
        effect=_REFERENCE,
        note="the sound of a voice comes through the reference, as in the official application; there is no cloning",
    ),
    Setting(
        field="items",
        names="2.2: batch_size; 6: Batch",
        flags=("--items", "2"),
        official="2",
        default=1,
        range=Range("1 to 8", (1, 8), (9, -1)),
        example=2,
        error="song.items",
        effect=Effect.RECORD,
        note="one song unless more are asked for; one metadata pass, and codes by item with seeds of their own",
    ),
    Setting(
        field="seeds",
        names="2.1: seed; 2.2: seeds, use_random_seed; 5: seed",
        flags=("--seed", "4"),
        official="-1, null, random",
        default=(),
        served="random, told in the record",
        range=Range(
            "0 to 4,294,967,295, at most one per item; -1 is open",
            ((), (0,), (-1,), (_SEED_LIMIT - 1,)),
            ((-2,), (_SEED_LIMIT,), (1, 2)),
        ),
        example=(4,),
        error="song.seeds",
        effect=Effect.AUDIO,
        note="by position; items without one take a random one, and so does -1",
    ),
    Setting(
        field="model",
        flags=("--model", "acestep-v15-base"),
        default="",
        served="the gateway's first",
        open_is="acestep-v15-base",
        range=Range("what `ListModels` names"),
        example="acestep-v15-base",
        effect="tests/integration/test_wrong_input.py::test_an_unknown_model",
        note="the service panel of the official application",
    ),
)
