"""Arguments of the calls that write and hear songs in words."""

from __future__ import annotations

from typing import Any

from quartet import Blueprint, TokenSampling
from tests.checklist.rows import SWITCH, Call, CallSetting, Effect, Range, characters
from tests.checklist.token_sampling import DRAWN

COMPOSE = Call("compose", {"query": "rain", "seed": 1}, ("compose", "rain", "--lm-seed", "1"))
REWRITE = Call("rewrite", {"given": Blueprint("rock"), "seed": 1}, ("rewrite", "rock", "--lm-seed", "1"))
CODES = (5, 7, 9, 11, 13)
UNDERSTAND = Call("understand", {"source": CODES, "seed": 1}, ("understand", "--codes", "CODES.txt", "--lm-seed", "1"))

_PLANNER = "tests/integration/test_planner.py::"
_LANGUAGE = Range("50 codes; empty, auto and unknown are open", ("", "unknown", "yue"), ("xx",))


def _without(call: Call, argument: str, words: tuple[str, ...]) -> Call:
    return Call(call.method, {name: value for name, value in call.arguments.items() if name != argument}, words)


def _seed_and_model(call: Call) -> tuple[CallSetting, ...]:
    """What repeats a call, and who answers it."""
    return (
        CallSetting(
            call=_without(call, "seed", call.words[:-2]),
            field="seed",
            flags=("--lm-seed", "2"),
            served="random, told in the answer",
            range=Range("0 to 4,294,967,295; -1 is open", (None, -1, 0, 2**32 - 1), (2**32, -2)),
            example=2,
            error="request",
            effect=f"{_PLANNER}test_compose",
        ),
        CallSetting(
            call=call,
            field="model",
            flags=("--lm-model", "acestep-5Hz-lm-4B"),
            default="",
            served="the planner's first",
            range=Range("what the planner serves"),
            example="acestep-5Hz-lm-4B",
            effect="tests/services/planner/test_server.py::test_models_by_name",
        ),
    )


def _sampling(call: Call, temperature: float, note: str = "") -> CallSetting:
    """How tokens are drawn, as in `compose`."""
    return CallSetting(
        call=call,
        field="sampling",
        flags=(
            *("--lm-temperature", "0.1", "--lm-top-p", "0.5", "--lm-top-k", "9"),
            *("--lm-repetition-penalty", "1.5", "--lm-profile", "standard"),
        ),
        default=TokenSampling(),
        served="as in compose" if temperature == 0.85 else f"as in compose, but a temperature of {temperature}",
        open_is=TokenSampling(temperature, 0.9, 0, 1.0, "standard") if note else None,
        range=Range(
            "as in compose",
            (),
            (TokenSampling(temperature=2.01), TokenSampling(top_p=0.0), TokenSampling(repetition_penalty=0.49)),
        ),
        example=TokenSampling(0.1, 0.5, 9, 1.5, "standard"),
        error="sampling",
        effect=Effect.PLAN,
        note=note,
    )


_COMPOSE_SAMPLING = (
    CallSetting(
        call=COMPOSE,
        field="sampling.temperature",
        names="2.4: temperature",
        error="sampling.temperature",
        effect=Effect.PLAN,
        **DRAWN["temperature"],
    ),
    CallSetting(
        call=COMPOSE,
        field="sampling.top_p",
        names="2.4: top_p",
        official="off",
        error="sampling.top_p",
        effect=Effect.PLAN,
        **DRAWN["top_p"],
    ),
    CallSetting(
        call=COMPOSE,
        field="sampling.top_k",
        names="2.4: top_k",
        official="off",
        error="request",
        effect=Effect.PLAN,
        **DRAWN["top_k"],
    ),
    CallSetting(
        call=COMPOSE,
        field="sampling.repetition_penalty",
        names="2.4: repetition_penalty",
        error="sampling.repetition_penalty",
        effect=Effect.PLAN,
        **DRAWN["repetition_penalty"],
    ),
    CallSetting(
        call=COMPOSE,
        field="sampling.profile",
        error="request",
        effect="tests/services/planner/test_server.py::test_top_p_and_the_penalty_act_in_the_standard_profile",
        **DRAWN["profile"],
    ),
)


def _given(field: str, names: str, flags: tuple[str, ...], range_: Range, example: Any, **more: Any) -> CallSetting:
    """What is known of a song that is rewritten."""
    kept = f"{_PLANNER}test_rewrite_keeps_what_is_given"
    error = f"given.metadata.{field}"
    more = {"call": REWRITE, "default": "", "argument": "", "error": error, "effect": kept, **more}
    return CallSetting(
        field=f"given.{field}",
        names=names,
        flags=flags,
        range=range_,
        example=example,
        **more,
    )


ROWS = (
    CallSetting(
        call=_without(COMPOSE, "query", ("compose", "--lm-seed", "1")),
        field="query",
        names="4: Random example, Description to song; 6: Sample query",
        flags=("rain on a tin roof",),
        argument="QUERY",
        official="NO USER INPUT",
        default="",
        served="a song that the planner makes up",
        range=characters(8192),
        example="rain on a tin roof",
        error="query",
        effect=Effect.PLAN,
        note="no stored examples: without a planner there is nothing to make up",
    ),
    CallSetting(
        call=COMPOSE,
        field="instrumental",
        names="2.4: instrumental; 6: Sample instrumental",
        flags=("--instrumental",),
        official="false",
        default=False,
        range=SWITCH,
        example=True,
        error="request",
        effect=f"{_PLANNER}test_compose",
    ),
    CallSetting(
        call=COMPOSE,
        field="vocal_language",
        names="6: Sample vocal_language",
        flags=("--language", "de"),
        official="unknown",
        default="",
        served="the planner's choice",
        range=_LANGUAGE,
        example="de",
        error="vocal_language",
        effect=f"{_PLANNER}test_compose",
    ),
    *_COMPOSE_SAMPLING,
    *_seed_and_model(COMPOSE),
    _given(
        "caption",
        "6: Format caption",
        ("jazz",),
        characters(8192),
        "jazz",
        call=Call("rewrite", {"given": Blueprint(), "seed": 1}, ("rewrite", "--lm-seed", "1")),
        error="given.caption",
        effect=Effect.PLAN,
        argument="CAPTION",
    ),
    _given(
        "lyrics",
        "6: Format lyrics",
        ("--lyrics", "[Verse]\nla"),
        characters(10_000),
        "[Verse]\nla",
        error="given.lyrics",
        effect=Effect.PLAN,
    ),
    _given(
        "bpm",
        "6: Format metadata",
        ("--bpm", "90"),
        Range("30 to 300; 0 and -1 are open", (30, 300, 0, -1), (29, 301)),
        90,
        default=None,
    ),
    _given(
        "key_scale",
        "",
        ("--key", "A minor"),
        Range("70 keys; empty, auto and N/A are open", ("", "F# minor"), ("H dorian",)),
        "A minor",
    ),
    _given(
        "time_signature",
        "",
        ("--meter", "3"),
        Range("2, 3, 4, 6; empty, auto and N/A are open", ("", "2", "6"), ("5",)),
        "3",
    ),
    _given("vocal_language", "", ("--language", "de"), _LANGUAGE, "de"),
    _given(
        "duration",
        "",
        ("--duration", "30"),
        Range("0.2 to 600 s; not above 0 is open", (0.0, -1.0, 0.2, 600.0), (0.19, 600.01)),
        30.0,
        default=None,
        error="given.metadata.duration_seconds",
    ),
    _sampling(REWRITE, 0.85),
    *_seed_and_model(REWRITE),
    CallSetting(
        call=_without(UNDERSTAND, "source", ("understand", "--lm-seed", "1")),
        field="source",
        names="6: Understand codes, Analyze source audio; 11: Convert to codes",
        flags=("--codes", "CODES.txt"),
        argument="SOURCE, --codes",
        range=Range(
            "a recording, or codes of 0 to 63,999, at most 3,000", ((63_999,) * 3000,), ((64_000,), (0,) * 3001)
        ),
        example=CODES,
        error="codes",
        effect=f"{_PLANNER}test_understand_a_recording",
        note="a recording's own codes are in the answer",
    ),
    _sampling(UNDERSTAND, 0.3, "at the official 0.85 lyrics are invented (#681)"),
    *_seed_and_model(UNDERSTAND),
)
