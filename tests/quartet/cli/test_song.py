"""What the flags of `quartet song` wish for."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from quartet import Client
from quartet.cli import song
from quartet.documents import to_json
from quartet.errors import InvalidRequestError
from quartet.planning import Blueprint, Composition, Finish, Thinking, TokenSampling
from quartet.songs import SongSpec
from quartet.tasks import TextToMusic


def wished(*flags: str) -> SongSpec:
    context = song.song.make_context("song", ["piano", *flags])
    with Client() as client:
        return song._spec(client, context.params)


def thinking(*flags: str) -> Thinking:
    return wished(*flags).thinking


@pytest.mark.parametrize(
    ("flags", "wishes"),
    [
        ((), (None, None, None, None)),
        (("--think",), (True, None, None, None)),
        (("--keep-caption",), (None, None, False, None)),
        (("--keep-metadata",), (None, False, None, None)),
        (("--keep-language",), (None, None, None, False)),
        (("--keep-language", "--keep-caption", "--keep-metadata"), (None, False, False, False)),
        (("--no-plan",), (False, False, False, False)),
        (("--no-plan", "--think"), (True, False, False, False)),
    ],
)
def test_what_the_planner_is_asked_for(flags: tuple[str, ...], wishes: tuple[bool | None, ...]) -> None:
    wish = thinking(*flags)
    assert (wish.think, wish.write_metadata, wish.rewrite_caption, wish.detect_language) == wishes


@pytest.mark.parametrize(("flags", "seed"), [((), None), (("--lm-seed", "-1"), None), (("--lm-seed", "0"), 0)])
def test_the_seed_of_the_plan_may_be_open(flags: tuple[str, ...], seed: int | None) -> None:
    message = thinking(*flags).to_message()
    assert (message.seed if message.HasField("seed") else None) == seed


@pytest.mark.parametrize(
    ("flags", "spec"),
    [
        (("-o", "x.mp3", "--mp3-bitrate", "320"), SongSpec("piano", format="mp3", mp3_bitrate_kbps=320)),
        (("-o", "x.m4a", "--sample-rate", "44100"), SongSpec("piano", format="m4a", sample_rate=44_100)),
        (("-o", "x.wav", "--format", "wav32f"), SongSpec("piano", format="wav32f")),
        (("--title", "Rain", "--peak", "-3"), SongSpec("piano", title="Rain", peak_dbfs=-3.0)),
        (("--no-tags", "--keep-level"), SongSpec("piano", no_tags=True, keep_level=True)),
        (("--fade-in", "0.5", "--fade-out", "2"), SongSpec("piano", fade_in=0.5, fade_out=2.0)),
    ],
)
def test_how_the_audio_leaves(flags: tuple[str, ...], spec: SongSpec) -> None:
    assert wished(*flags).to_message().output == spec.to_message().output


WORDS = Composition(
    Blueprint("a slow waltz", "[Verse]\nla", 92, "A minor", "3", "de", 48.0), "folk", Finish.STOP, (), 7, (1, 2)
)


def test_words_that_were_composed_become_a_song_but_for_what_is_said(tmp_path: Path) -> None:
    file = tmp_path / "words.json"
    file.write_text(to_json(WORDS))
    assert wished("--words", str(file)) == dataclasses.replace(SongSpec.of(WORDS.blueprint), caption="piano")
    said = wished("--words", str(file), "--bpm", "80", "--key", "auto", "--lyrics", "oh", "--duration", "-1")
    assert (said.bpm, said.key_scale, said.lyrics, said.duration) == (80, "auto", "oh", -1)
    assert (said.time_signature, said.vocal_language) == ("3", "de")


def test_words_leave_the_length_to_codes(tmp_path: Path) -> None:
    (tmp_path / "words.json").write_text(to_json(WORDS))
    (tmp_path / "codes.txt").write_text("5 7 9")
    wish = wished("--words", str(tmp_path / "words.json"), "--codes", str(tmp_path / "codes.txt"))
    assert (wish.duration, wish.bpm, wish.task) == (None, 92, TextToMusic((5, 7, 9)))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("[", "words: is no JSON"), ("{}", r"words\.blueprint: is missing"), ('{"bpm": 9}', r"words\.bpm: is not known")],
)
def test_words_that_are_none_are_refused(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "words.json").write_text(text)
    with pytest.raises(InvalidRequestError, match=complaint):
        wished("--words", str(tmp_path / "words.json"))


@pytest.mark.parametrize("text", ["5 7 9", "5,7,9", "<|audio_code_5|><|audio_code_7|><|audio_code_9|>"])
def test_codes_come_from_a_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "codes.txt").write_text(text)
    assert wished("--codes", str(tmp_path / "codes.txt")).task == TextToMusic((5, 7, 9))


def test_the_lyrics_of_an_instrumental_are_kept() -> None:
    assert wished("--instrumental", "--lyrics", "la la") == SongSpec("piano", "la la", instrumental=True)


def test_what_other_applications_write_for_open_is_open() -> None:
    message = wished("--seed", "-1", "--bpm", "0", "--duration", "-1", "--language", "unknown").to_message()
    message.metadata.vocal_language = ""
    assert message == wished().to_message()


def test_every_setting_of_the_sampler_has_a_flag() -> None:
    spec = wished(
        *("--timesteps", "1, 0.7,0.3", "--snap-timesteps", "--guidance-interval", "0.1", "0.9"),
        *("--velocity-clamp", "2", "--velocity-ema", "0.1", "--latent-shift", "-0.1", "--latent-rescale", "1.1"),
        *("--wavelet-correction", "0.1", "0.2", "--wavelet-mode", "low", "--wavelet", "db4", "--method", "heun"),
    )
    assert (spec.timesteps, spec.snap_timesteps, spec.guidance_interval) == ((1.0, 0.7, 0.3), True, (0.1, 0.9))
    assert (spec.velocity_clamp, spec.velocity_ema, spec.latent_shift, spec.latent_rescale) == (2.0, 0.1, -0.1, 1.1)
    assert (spec.wavelet_correction, spec.wavelet_mode, spec.wavelet) == ((0.1, 0.2), "low", "db4")
    assert spec.method == "heun"


def test_every_setting_of_the_planner_has_a_flag() -> None:
    wish = thinking(
        *("--lm-temperature", "0.5", "--lm-top-p", "0.8", "--lm-top-k", "9", "--lm-repetition-penalty", "1.2"),
        *("--lm-profile", "compat", "--prompt-form", "legacy", "--code-seed", "3", "--code-seed", "4"),
    )
    assert wish.sampling == TokenSampling(0.5, 0.8, 9, 1.2, "compat")
    assert (wish.prompt_form, wish.code_seeds) == ("legacy", (3, 4))


def test_a_reference_is_a_file_or_an_audio_id(tmp_path: Path) -> None:
    (tmp_path / "voice.wav").touch()
    assert wished("--reference", str(tmp_path / "voice.wav")).reference == tmp_path / "voice.wav"
    assert wished("--reference", "ab" * 32).reference_audio_id == "ab" * 32


def test_without_flags_everything_is_left_to_the_server() -> None:
    assert wished() == SongSpec("piano")
