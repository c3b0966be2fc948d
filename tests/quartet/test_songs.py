"""Song specs go to messages and back without loss; names that do not exist are refused."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quartet.errors import InvalidRequestError
from quartet.planning import PromptForm, SamplingProfile, Thinking, TokenSampling
from quartet.songs import AudioFormat, GuidanceMode, SamplerMethod, SongSpec, Wavelet, WaveletMode
from quartet.tasks import Lego, Region, Repaint, Retake

SECONDS = st.integers(0, 600_000).map(lambda ms: ms / 1000)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
FLOAT = st.floats(-100, 100)
SEED = st.integers(0, 2**32 - 1)
WISH = st.none() | st.booleans()
THINKING = st.builds(
    Thinking,
    think=WISH,
    write_metadata=WISH,
    rewrite_caption=WISH,
    detect_language=WISH,
    sampling=st.builds(
        TokenSampling,
        temperature=st.none() | FLOAT,
        top_p=st.none() | FLOAT,
        top_k=st.integers(0, 100),
        repetition_penalty=st.none() | FLOAT,
        profile=st.none() | st.sampled_from(SamplingProfile),
    ),
    guidance=st.none() | FLOAT,
    negative_prompt=TEXT,
    seed=st.none() | SEED,
    code_seeds=st.lists(SEED, max_size=8).map(tuple),
    model=TEXT,
    prompt_form=st.none() | st.sampled_from(PromptForm),
    best_of=st.integers(1, 8),
)
SPECS = st.builds(
    SongSpec,
    caption=TEXT,
    lyrics=TEXT,
    duration=st.none() | SECONDS.filter(bool),
    bpm=st.none() | st.integers(1, 300),
    key_scale=TEXT,
    time_signature=TEXT,
    vocal_language=TEXT,
    reference_audio_id=TEXT,
    items=st.integers(1, 8),
    seeds=st.lists(st.integers(0, 2**32 - 1), max_size=8).map(tuple),
    model=TEXT,
    steps=st.integers(0, 200),
    shift=st.none() | FLOAT,
    timesteps=st.lists(FLOAT, max_size=4).map(tuple),
    snap_timesteps=st.booleans(),
    method=st.none() | st.sampled_from(SamplerMethod),
    guidance=st.none() | FLOAT,
    guidance_mode=st.none() | st.sampled_from(GuidanceMode),
    guidance_interval=st.none() | st.tuples(FLOAT, FLOAT),
    velocity_clamp=st.none() | FLOAT,
    velocity_ema=st.none() | FLOAT,
    latent_shift=st.none() | FLOAT,
    latent_rescale=st.none() | FLOAT,
    format=st.sampled_from(AudioFormat),
    peak_dbfs=st.none() | FLOAT,
    keep_level=st.booleans(),
    fade_in=SECONDS,
    fade_out=SECONDS,
    mp3_bitrate_kbps=st.integers(0, 400),
    sample_rate=st.integers(0, 96_000),
    title=TEXT,
    no_tags=st.booleans(),
    instrumental=st.booleans(),
    score=st.booleans(),
    time_lyrics=st.booleans(),
    thinking=THINKING,
)


CORRECTIONS = st.fixed_dictionaries(
    {"wavelet_correction": st.tuples(FLOAT, FLOAT)},
    optional={"wavelet_mode": st.sampled_from(WaveletMode), "wavelet": st.sampled_from(Wavelet)},
)


@given(SPECS, st.just({}) | CORRECTIONS)
def test_a_spec_survives_the_wire(spec: SongSpec, correction: dict[str, Any]) -> None:
    spec = dataclasses.replace(spec, **correction)
    message = spec.to_message()
    assert SongSpec.from_message(type(message).FromString(message.SerializeToString())) == spec


def test_an_empty_spec_leaves_every_choice_to_the_server() -> None:
    message = SongSpec().to_message()
    assert not message.HasField("duration")
    assert not message.sampling.schedule.HasField("shift")
    assert not message.sampling.guidance.HasField("scale")
    assert not message.output.HasField("peak_dbfs")


@pytest.mark.parametrize("number", [-1, 0, -2.5])
def test_numbers_that_mean_open_are_left_open(number: float) -> None:
    message = SongSpec(bpm=int(number), duration=number).with_options({"seed": -1}).to_message()
    assert not message.metadata.HasField("bpm")
    assert not message.HasField("duration")
    assert not message.seeds


def test_open_seeds_are_left_out_or_drawn() -> None:
    assert SongSpec(seeds=(5, -1, -1)).to_message().seeds == [5]
    first, second = SongSpec(seeds=(-1, 5)).to_message().seeds
    assert (0 <= first < 2**32, second) == (True, 5)
    assert SongSpec(seeds=(5,)).with_options({"seed": -1}).to_message().seeds == []
    assert SongSpec(task=Retake(0.5, (-1,))).to_message().retake.seeds == []
    assert Thinking(seed=-1, code_seeds=(3, -1)).to_message().code_seeds == [3]


@pytest.mark.parametrize("task", [Repaint("id", (Region(1.0, -1),)), Lego("id", "drums", (Region(1.0, -1),))])
def test_a_part_that_ends_at_minus_one_reaches_to_the_end(task: Repaint | Lego) -> None:
    message = SongSpec(task=task).to_message()
    (region,) = (message.repaint if isinstance(task, Repaint) else message.lego).regions
    assert not region.HasField("end")
    region.end.seconds = -1
    assert SongSpec.from_message(message).task == dataclasses.replace(task, regions=(Region(1.0),))


def test_think_is_short_for_a_wish_of_thinking() -> None:
    spec = SongSpec(thinking=Thinking(seed=3)).with_options({"think": True})
    assert spec.thinking == Thinking(think=True, seed=3)
    assert not Thinking.none().asks_planner
    assert Thinking(think=False).asks_planner


def test_one_seed_is_the_seed_of_the_first_item() -> None:
    assert SongSpec().with_options({"seed": 7}).seeds == (7,)
    assert SongSpec(seeds=(1, 2)).with_options({"seed": None, "items": 2}).seeds == (1, 2)


@pytest.mark.parametrize(
    ("spec", "fields"),
    [
        (SongSpec(format="aiff"), ["song.format"]),
        (SongSpec(method="rk4"), ["song.method"]),
        (SongSpec(guidance_mode="none"), ["song.guidance_mode"]),
        (SongSpec(wavelet_correction=(0.1, 0.1), wavelet_mode="both"), ["song.wavelet_mode"]),
        (SongSpec(wavelet_correction=(0.1, 0.1), wavelet="db3"), ["song.wavelet"]),
        (SongSpec(items=-1), ["song.items"]),
        (SongSpec(seeds=(2**32,)), ["song.seeds"]),
        (SongSpec(duration=float("inf")), ["song.duration"]),
        (SongSpec(duration=float("nan"), task=Lego("ab", "kazoo")), ["song.task", "song.duration"]),
        (SongSpec(thinking=Thinking(sampling=TokenSampling(top_k=-1))), ["song.thinking"]),
    ],
)
def test_what_no_message_can_say_is_named(spec: SongSpec, fields: list[str]) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        spec.to_message()
    assert [violation.field for violation in caught.value.violations] == fields


@pytest.mark.parametrize("choice", [{"wavelet": "db4"}, {"wavelet_mode": "low"}])
def test_a_wavelet_needs_weights(choice: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        SongSpec(**choice).to_message()
    (violation,) = caught.value.violations
    assert violation.field == "song.sampling.wavelet_correction"
    assert "need weights" in violation.description


@pytest.mark.parametrize(
    ("suffix", "expected"),
    [
        (".flac", "flac"),
        (".WAV", "wav24"),
        (".mp3", "mp3"),
        (".opus", "opus"),
        (".ogg", "vorbis"),
        (".m4a", "m4a"),
        (".aac", "aac"),
    ],
)
def test_a_suffix_names_a_format(suffix: str, expected: str) -> None:
    assert AudioFormat.for_suffix(suffix) == expected


def test_other_suffixes_name_none() -> None:
    with pytest.raises(ValueError, match="no audio format"):
        AudioFormat.for_suffix(".txt")
