"""Every open choice of a request is made once, before the job is written down."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.output import INSTRUMENTAL
from gateway.requests import ModelOffer, WaveletDefault, check_song, resolve
from gateway.tasks import frames_of
from quartet.errors import InvalidRequestError, NotFoundError
from quartet.planning import Thinking
from quartet.songs import SongSpec, Wavelet, WaveletMode
from quartet.tasks import (
    Complete,
    Cover,
    Edit,
    Extend,
    Extract,
    Lego,
    NewSong,
    Region,
    Remix,
    Repaint,
    Retake,
    Task,
    TextToMusic,
)
from quartet.v1 import music_pb2, planner_pb2

# A number that no enum of the contract has yet.
NEWER: Any = 99
DEFAULT = WaveletDefault(0.05, 0.02, WaveletMode.DOUBLE, Wavelet.HAAR)
TURBO = ModelOffer("turbo", 10, 600, knows_tracks=False, wavelet_correction=DEFAULT)
SHORT = ModelOffer("short", 1, 30, knows_tracks=True, wavelet_correction=None)
OFFERS = (TURBO, SHORT)


def resolved(spec: SongSpec, *, has_planner: bool = False) -> SongSpec:
    message = spec.to_message()
    return resolve(message, check_song(message, "", OFFERS, has_planner=has_planner), has_planner=has_planner)


def test_what_is_open_is_chosen() -> None:
    song = resolved(SongSpec("rain", items=3, seeds=(7,)))
    assert (song.model, song.duration, song.lyrics) == ("turbo", 120.0, INSTRUMENTAL)
    assert song.seeds[0] == 7
    assert len(song.seeds) == 3
    assert (song.wavelet_correction, song.wavelet_mode, song.wavelet) == ((0.05, 0.02), "double", "haar")


def test_what_is_given_stays() -> None:
    given_spec = SongSpec("rain", "[Verse]\nla", duration=12.5, model="short", seeds=(1,), wavelet_correction=(0, 0))
    assert resolved(given_spec) == dataclasses.replace(given_spec, wavelet_correction=(0.0, 0.0), title="rain")


def test_weights_of_a_correction_leave_its_mode_and_its_wavelet_open() -> None:
    song = resolved(SongSpec("rain", wavelet_correction=(0.1, 0.2), wavelet="sym4"))
    assert (song.wavelet_correction, song.wavelet_mode, song.wavelet) == ((0.1, 0.2), None, "sym4")


def test_a_resolved_song_has_no_open_choice() -> None:
    once = resolved(SongSpec("rain", items=4))
    assert resolved(once) == once


def test_a_short_model_makes_its_longest_song() -> None:
    assert resolved(SongSpec("rain", model="short")).duration == 30


def test_a_planner_leaves_the_length_open_and_takes_the_items_seeds() -> None:
    song = resolved(SongSpec("rain", items=3, seeds=(7,)), has_planner=True)
    assert song.duration is None
    thinking = song.thinking
    assert (thinking.think, thinking.write_metadata, thinking.rewrite_caption, thinking.detect_language) == (True,) * 4
    assert thinking.seed == 7
    assert thinking.code_seeds == (7, 8, 9)
    assert resolved(song, has_planner=True) == song


def test_given_seeds_of_thinking_stay() -> None:
    thinking = Thinking(seed=2**32 - 1, code_seeds=(3,))
    song = resolved(SongSpec("rain", items=3, thinking=thinking), has_planner=True)
    assert song.thinking.code_seeds == (3, 0, 1)


def test_a_planner_that_is_not_asked_changes_nothing() -> None:
    spec = SongSpec("rain", seeds=(1,), duration=30, thinking=Thinking.none())
    assert resolved(spec, has_planner=True) == resolved(spec)


@pytest.mark.parametrize("thinking", [Thinking(), Thinking(write_metadata=False), Thinking.none()])
def test_an_open_length_is_chosen_with_the_plan_which_says_so(thinking: Thinking) -> None:
    assert resolved(SongSpec("rain", thinking=thinking), has_planner=True).duration is None
    assert resolved(SongSpec("rain", thinking=thinking)).duration == 120


@pytest.mark.parametrize("word", ["", "auto", "N/A", " n/a ", "unknown"])
def test_words_that_leave_values_open(word: str) -> None:
    song = resolved(SongSpec("rain", key_scale=word, time_signature=word, vocal_language=word))
    assert (song.key_scale, song.time_signature, song.vocal_language) == ("", "", "")


SOURCE = "ab" * 32
TASKS: list[Task] = [
    TextToMusic(),
    TextToMusic((5,) * 60),
    Retake(),
    Cover(SOURCE),
    Repaint(SOURCE, (Region(4.0, -1),)),
    Extend(SOURCE, after=4.0),
    Extract(SOURCE, ("drums",)),
    Lego(SOURCE, "drums", (Region(4.0, -1),)),
    Complete(SOURCE),
    Edit(SOURCE, "a drum"),
    Remix(SOURCE),
]


@pytest.mark.parametrize("task", TASKS, ids=lambda task: type(task).__name__)
@pytest.mark.parametrize("has_planner", [False, True])
def test_what_other_applications_write_for_open_is_open_in_every_task(task: Task, has_planner: bool) -> None:
    """Also where a client of the contract sends numbers that the SDK leaves out."""
    seeds = (7, -1) if isinstance(task, Retake) else (-1,)
    message = SongSpec("rain", task=task, model="short", seeds=seeds).to_message()
    message.metadata.bpm = 0
    message.metadata.key_scale, message.metadata.time_signature = "N/A", "unknown"
    message.metadata.vocal_language = "unknown"
    message.duration.seconds = -1
    seconds = None if isinstance(task, NewSong) else 12.0
    offer = check_song(message, "", OFFERS, has_planner=has_planner, source_seconds=seconds)
    song = resolve(message, offer, has_planner=has_planner, source_seconds=seconds)
    assert (song.bpm, song.key_scale, song.time_signature, song.vocal_language) == (None, "", "", "")
    assert len(song.seeds) == 1
    if isinstance(task, NewSong) and task != TextToMusic((5,) * 60):
        assert song.duration == (None if has_planner else 30.0)
    else:
        assert song.duration == (16.0 if isinstance(task, Extend) else 12.0)
    if isinstance(song.task, Repaint | Lego):
        assert song.task.regions == (Region(4.0),)


@pytest.mark.parametrize(
    ("song", "field"),
    [
        (music_pb2.SongSpec(lego=music_pb2.SongSpec.Lego(source_audio_id=SOURCE)), "song.lego.track"),
        (music_pb2.SongSpec(lego=music_pb2.SongSpec.Lego(source_audio_id=SOURCE, track=NEWER)), "song.lego.track"),
        (music_pb2.SongSpec(extract=music_pb2.SongSpec.Extract(tracks=[NEWER])), "song.extract.tracks"),
        (
            music_pb2.SongSpec(complete=music_pb2.SongSpec.Complete(tracks=[music_pb2.TRACK_UNSPECIFIED])),
            "song.complete.tracks",
        ),
        (music_pb2.SongSpec(repaint=music_pb2.SongSpec.Repaint(mode=NEWER)), "song.repaint.mode"),
        (music_pb2.SongSpec(thinking=music_pb2.Thinking(prompt_form=NEWER)), "song.thinking.prompt_form"),
        (
            music_pb2.SongSpec(thinking=music_pb2.Thinking(sampling=planner_pb2.TokenSampling(profile=NEWER))),
            "song.thinking.sampling.profile",
        ),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_choices_that_the_contract_does_not_know_are_refused_by_name(song: music_pb2.SongSpec, field: str) -> None:
    song.model, song.caption = "short", "rain"
    with pytest.raises(InvalidRequestError) as refused:
        check_song(song, "", OFFERS, has_planner=True, source_seconds=12.0 if song.WhichOneof("task") else None)
    assert field in {violation.field for violation in refused.value.violations}


def test_one_spelling_for_the_planner() -> None:
    spec = SongSpec("rain", key_scale="f# MINOR", time_signature="6/8", vocal_language="EN")
    song = resolved(spec, has_planner=True)
    assert (song.key_scale, song.time_signature, song.vocal_language) == ("F# minor", "6", "en")
    with pytest.raises(InvalidRequestError, match="key that the planner knows"):
        resolved(SongSpec("rain", key_scale="H dorian"), has_planner=True)
    assert resolved(SongSpec("rain", key_scale="H dorian")).key_scale == "H dorian"


def test_an_instrumental_keeps_its_lyrics_and_has_no_title_of_them() -> None:
    song = resolved(SongSpec("", "[Verse]\nla la", instrumental=True))
    assert (song.lyrics, song.instrumental, song.title) == ("[Verse]\nla la", True, "")
    assert resolved(dataclasses.replace(song, instrumental=False)).title == "la la"
    assert resolved(SongSpec(instrumental=True)).lyrics == INSTRUMENTAL


def test_lyrics_that_the_planner_does_not_get_may_be_longer_than_it_reads() -> None:
    long = SongSpec("rain", "a" * 10_001)
    assert resolved(dataclasses.replace(long, instrumental=True), has_planner=True).lyrics == long.lyrics
    with pytest.raises(InvalidRequestError, match="at most 10000"):
        resolved(long, has_planner=True)


def test_random_seeds_differ() -> None:
    assert len({seed for _ in range(8) for seed in resolved(SongSpec("rain", items=8)).seeds}) == 64


@pytest.mark.parametrize("duration", [9.999, 600.001])
def test_durations_are_those_of_the_model(duration: float) -> None:
    with pytest.raises(InvalidRequestError, match=r"song\.duration"):
        resolved(SongSpec("rain", duration=duration))


def test_an_unknown_model() -> None:
    with pytest.raises(NotFoundError, match="there are turbo, short"):
        resolved(SongSpec("rain", model="jukebox"))


@given(st.integers(1, 600_000))
def test_frames_are_the_whole_ones_within_a_duration(milliseconds: int) -> None:
    assert frames_of(milliseconds / 1000) == milliseconds * 25 // 1000


@pytest.mark.parametrize(
    ("spec", "title"),
    [
        (SongSpec("rain", title="  My \n song "), "My song"),
        (
            SongSpec("lo-fi hip hop, rainy window, mellow piano, soft drums, 80 bpm"),
            "lo-fi hip hop, rainy window, mellow piano, soft",
        ),
        (SongSpec("warm indie folk, gentle, brushed, a"), "warm indie folk, gentle, brushed, a"),
        (SongSpec("x" * 100), "x" * 64),
        (SongSpec(f"short {'y' * 60}"), "short"),
        (SongSpec("", "[Verse]\n\nthe morning train is late\nagain"), "the morning train is late"),
        (SongSpec("", "[Instrumental]"), ""),
    ],
)
def test_a_title_is_given_or_the_first_words(spec: SongSpec, title: str) -> None:
    assert resolved(spec).title == title


@pytest.mark.parametrize(
    ("spec", "field", "complaint"),
    [
        (
            SongSpec("rain", format="mp3", mp3_bitrate_kbps=100),
            "song.output.mp3_bitrate_kbps",
            "is 100, must be one of",
        ),
        (SongSpec("rain", mp3_bitrate_kbps=192), "song.output.mp3_bitrate_kbps", "is only for MP3 files"),
        (SongSpec("rain", sample_rate=96_000), "song.output.sample_rate", "is 96000, must be 44100 or 48000"),
        (SongSpec("rain", format="opus", sample_rate=44_100), "song.output.sample_rate", "Opus files have 48000"),
        (SongSpec("rain", title="x" * 257), "song.output.title", "has 257 characters, at most 256"),
    ],
)
def test_what_a_file_cannot_be(spec: SongSpec, field: str, complaint: str) -> None:
    with pytest.raises(InvalidRequestError) as refusal:
        resolved(spec)
    (violation,) = refusal.value.violations
    assert violation.field == field
    assert complaint in violation.description


@pytest.mark.parametrize("bitrate", [0, 128, 192, 256, 320])
@pytest.mark.parametrize("rate", [0, 44_100, 48_000])
def test_what_an_mp3_can_be(bitrate: int, rate: int) -> None:
    song = resolved(SongSpec("rain", format="mp3", mp3_bitrate_kbps=bitrate, sample_rate=rate, title="x" * 256))
    assert (song.mp3_bitrate_kbps, song.sample_rate) == (bitrate, rate)
