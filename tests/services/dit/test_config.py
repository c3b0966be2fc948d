"""Configs of the public models are read whole, and what cannot be is named (spec/model.md §3.1)."""

from __future__ import annotations

from typing import Any

import pytest

from services.dit.config import DitConfig, alternating, knows_tracks
from services.runtime.checkpoints import CheckpointError
from tests.services.dit.tiny import TINY
from training.model_configs import FULL, dit_config


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in TINY.items() if key != name}


def test_the_public_turbo_model() -> None:
    config = DitConfig.from_json(dit_config(FULL, "turbo", "bfloat16"))
    assert (config.hidden_size, config.intermediate_size, config.num_hidden_layers) == (2048, 6144, 24)
    assert (config.attention.heads, config.attention.kv_heads, config.attention.head_dim) == (16, 8, 128)
    assert (config.sliding_window, config.patch_size, config.rope_theta) == (128, 2, 1e6)
    assert (config.audio_acoustic_hidden_dim, config.context_channels) == (64, 128)
    assert config.encoder_hidden_size == 2048
    assert config.layer_types[:3] == ("sliding_attention", "full_attention", "sliding_attention")
    assert config.min_duration_seconds == 10


def test_what_the_file_may_leave_out() -> None:
    config = DitConfig.from_json(TINY)
    assert config.layer_types == alternating(4)
    assert config.encoder_hidden_size == 32
    assert config.min_duration_seconds == 10
    assert DitConfig.from_json({**TINY, "encoder_hidden_size": 24, "min_duration_seconds": 1}).encoder_hidden_size == 24


@pytest.mark.parametrize(
    ("said", "is_turbo"),
    [
        ({"is_turbo": True}, True),
        ({"is_turbo": False, "model_version": "turbo"}, False),
        ({"model_version": "turbo"}, True),
        ({"is_turbo": None, "model_version": "turbo"}, True),
        ({"model_version": "base"}, False),
        ({}, False),
    ],
)
def test_a_model_is_turbo_where_it_says_so_or_where_its_version_does(said: dict[str, Any], is_turbo: bool) -> None:
    assert DitConfig.from_json({**without("is_turbo"), **said}).is_turbo is is_turbo


@pytest.mark.parametrize(
    ("version", "name", "knows"),
    [
        ("base", "acestep-v15-base", True),
        ("base", "my-own-tuning", True),
        ("sft", "acestep-v15-xl-sft", False),
        ("turbo", "acestep-v15-turbo", False),
    ],
)
def test_base_models_know_single_tracks(version: str, name: str, knows: bool) -> None:
    config = DitConfig.from_json(dit_config(FULL, version, "bfloat16"))
    assert knows_tracks(config, name) is knows


@pytest.mark.parametrize("name", [name for name in TINY if name != "is_turbo"])
def test_an_absent_key_is_named(name: str) -> None:
    with pytest.raises(CheckpointError, match=rf"turbo/config\.json: key {name}: expected"):
        DitConfig.from_json(without(name), "turbo/config.json")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("hidden_size", "32"),
        ("hidden_size", 32.0),
        ("num_hidden_layers", 0),
        ("patch_size", True),
        ("rope_theta", "1e6"),
        ("rope_theta", float("nan")),
        ("rope_theta", -1),
        ("is_turbo", "false"),
        ("is_turbo", 1),
        ("layer_types", "sliding_attention"),
        ("layer_types", [["full_attention"]] * 4),
        ("layer_types", ["sliding_attention"] * 3),
        ("layer_types", ["linear_attention"] * 4),
        ("encoder_hidden_size", "wide"),
        ("min_duration_seconds", "short"),
        ("min_duration_seconds", float("inf")),
        ("in_channels", 25),
        ("num_key_value_heads", 3),
        ("head_dim", 15),
    ],
)
def test_a_value_that_cannot_be_is_named(name: str, value: Any) -> None:
    with pytest.raises(CheckpointError, match=f"key {name}: expected"):
        DitConfig.from_json({**TINY, name: value})


def test_all_that_is_wrong_is_named_at_once() -> None:
    with pytest.raises(CheckpointError) as refused:
        DitConfig.from_json({**without("head_dim"), "patch_size": -2, "is_turbo": "yes"})
    assert all(name in str(refused.value) for name in ("head_dim", "patch_size", "is_turbo"))


def test_the_heads_that_follow_the_lyrics() -> None:
    public = DitConfig.from_json(dit_config(FULL, "turbo", "bfloat16"))
    assert dict(public.alignment_heads) == {2: (6,), 3: (10, 11), 4: (3,), 5: (8, 9), 6: (8,)}
    assert dict(DitConfig.from_json(TINY).alignment_heads) == {1: (0, 1, 2, 3), 3: (0, 1, 2, 3)}
    named = {**TINY, "lyric_alignment_layers_config": {"2": [0, 3], "1": [1]}}
    assert DitConfig.from_json(named).alignment_heads == ((1, (1,)), (2, (0, 3)))


@pytest.mark.parametrize(
    ("heads", "problem"),
    [
        ({}, "lists of heads"),
        ({"1": []}, "lists of heads"),
        ({"first": [1]}, "lists of heads"),
        ({"1": [-1]}, "lists of heads"),
        ({"1": [True]}, "lists of heads"),
        ([1], "lists of heads"),
        ({"4": [0]}, "layers below 4 and heads below 4"),
        ({"1": [4]}, "layers below 4 and heads below 4"),
    ],
)
def test_heads_that_cannot_be(heads: object, problem: str) -> None:
    with pytest.raises(CheckpointError, match=f"key lyric_alignment_layers_config: expected {problem}"):
        DitConfig.from_json({**TINY, "lyric_alignment_layers_config": heads})
