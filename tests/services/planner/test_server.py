"""A planner server on loopback: every call, several models, and what it refuses."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from quartet.errors import (
    DeadlineError,
    InvalidRequestError,
    NotFoundError,
    OverloadedError,
    QuartetError,
    from_rpc_error,
)
from quartet.v1 import planner_pb2, planner_pb2_grpc, stage_pb2
from serving.planning import LANGUAGES
from tests.support.planners import copy_with_codes
from tests.support.processes import running, wait_until

Stub = planner_pb2_grpc.PlannerServiceStub
METADATA = stage_pb2.Metadata(bpm=120, key_scale="f♯ MINOR", time_signature="3/4", duration_seconds=2.5)
GIVEN = planner_pb2.Blueprint(caption="rain", lyrics="[Verse]\nla", metadata=METADATA)


@pytest.fixture(scope="module")
def stub(planner_address: str) -> Iterator[Stub]:
    with grpc.insecure_channel(planner_address) as channel:
        yield Stub(channel)


@pytest.fixture(scope="module")
def short_context(tiny_models: Path) -> Iterator[Stub]:
    """A planner whose prompts and answers have at most 1,024 tokens."""
    with (
        running("services.planner", "--models", str(tiny_models), "--context", "1024") as server,
        grpc.insecure_channel(server.address) as channel,
    ):
        yield Stub(channel)


def plan(stub: Stub, **fields: Any) -> planner_pb2.PlanResult:
    *_, last = stub.Plan(planner_pb2.PlanRequest(**{"given": GIVEN, **fields}), timeout=60)
    return last.result


def score(stub: Stub, request: planner_pb2.PlannerServiceScoreRequest) -> list[Any]:
    return [stub.Score(request, timeout=30)]


def compose(stub: Stub, request: planner_pb2.PlannerServiceComposeRequest) -> list[Any]:
    return [stub.Compose(request, timeout=30)]


def load(stub: Stub) -> stage_pb2.StageLoad:
    return stub.GetInfo(planner_pb2.PlannerServiceGetInfoRequest()).info.load


def is_waiting(stub: Stub, items: int) -> bool:
    return load(stub).queued_items == items


def computed(stub: Stub) -> int:
    return stub.GetInfo(planner_pb2.PlannerServiceGetInfoRequest()).info.steps_computed


def loaded_models(stub: Stub) -> list[str]:
    info = stub.GetInfo(planner_pb2.PlannerServiceGetInfoRequest()).info
    return [model.id for model in info.models if model.loaded]


def refused(call: Callable[[], Any]) -> QuartetError:
    with pytest.raises(grpc.RpcError) as failure:
        list(call())
    return from_rpc_error(failure.value)


def test_a_plan_streams_thought_blueprint_progress_result(stub: Stub) -> None:
    request = planner_pb2.PlanRequest(given=GIVEN, rewrite_caption=True, detect_language=True, write_codes=True)
    events = list(stub.Plan(request, timeout=60))
    kinds = [event.WhichOneof("event") for event in events]
    assert kinds == sorted(kinds, key=["thought", "blueprint", "progress", "result"].index)
    result = events[-1].result
    assert len(result.codes) == 12
    assert events[-2].progress == planner_pb2.PlanProgress(codes=12, codes_total=12)
    blueprint = next(event.blueprint for event in events if event.HasField("blueprint"))
    assert blueprint == result.blueprint
    metadata = result.blueprint.metadata
    assert (metadata.bpm, metadata.key_scale, metadata.time_signature) == (120, "F♯ minor", "3")
    assert metadata.duration_seconds == 2.5
    assert result.report.batch_size >= 1
    assert result.metadata_ns > 0
    assert result.codes_ns > 0


def test_codes_for_an_earlier_thought(stub: Stub) -> None:
    first = plan(stub, rewrite_caption=True)
    assert not first.codes
    whole = plan(stub, rewrite_caption=True, write_codes=True)
    assert whole.thought == first.thought
    again = plan(stub, thought=first.thought, write_codes=True)
    assert again.codes == whole.codes
    other = plan(stub, thought=first.thought, write_codes=True, sampling=planner_pb2.TokenSampling(seed=1))
    assert other.codes != whole.codes


def test_the_forms_and_profiles_differ(stub: Stub) -> None:
    forms = [plan(stub, write_codes=True, prompt_form=form).codes for form in (1, 2, 3)]
    assert len({tuple(codes) for codes in forms}) == 3
    compat = planner_pb2.TokenSampling(profile="SAMPLING_PROFILE_COMPAT", top_p=0.01)
    full = planner_pb2.TokenSampling(top_p=1.0)
    assert plan(stub, write_codes=True, sampling=compat).codes == plan(stub, write_codes=True, sampling=full).codes


def test_top_p_and_the_penalty_act_in_the_standard_profile(stub: Stub) -> None:
    """In the reference application's default backend they act only where they are to be off."""
    narrow, greedy = planner_pb2.TokenSampling(top_p=0.0001), planner_pb2.TokenSampling(temperature=0)
    assert plan(stub, write_codes=True, sampling=narrow).codes == plan(stub, write_codes=True, sampling=greedy).codes
    assert plan(stub, write_codes=True).codes != plan(stub, write_codes=True, sampling=greedy).codes
    penalised = {"top_p": 1.0, "repetition_penalty": 2.0}
    thoughts = [
        plan(stub, rewrite_caption=True, sampling=planner_pb2.TokenSampling(**settings)).thought
        for settings in ({"top_p": 1.0}, penalised, {**penalised, "profile": "SAMPLING_PROFILE_COMPAT"})
    ]
    assert thoughts[0] == thoughts[2] != thoughts[1]


def test_each_mode_has_its_temperature(stub: Stub) -> None:
    """Analysis is cooler: hot it makes lyrics up."""
    open_song, warm = planner_pb2.Blueprint(caption="rain"), planner_pb2.TokenSampling(temperature=0.85)
    assert plan(stub, given=open_song).thought == plan(stub, given=open_song, sampling=warm).thought
    unset, cool = (
        stub.Understand(planner_pb2.PlannerServiceUnderstandRequest(codes=[1, 2], sampling=sampling))
        for sampling in (planner_pb2.TokenSampling(), planner_pb2.TokenSampling(temperature=0.3))
    )
    assert unset.blueprint == cool.blueprint


def test_a_given_plan_needs_no_thinking(stub: Stub) -> None:
    result = plan(stub, write_metadata=False, write_codes=True)
    assert result.thought == "bpm: 120\nduration: 2\nkeyscale: F♯ minor\ntimesignature: 3"
    assert len(result.codes) == 12


def test_models_by_name(tiny_models: Path, stub: Stub) -> None:
    names = ("acestep-5Hz-lm-0.6B", "acestep-5Hz-lm-1.7B")
    with (
        running("services.planner", "--models", str(tiny_models), "--planners", ",".join(names)) as server,
        grpc.insecure_channel(server.address) as channel,
    ):
        both = Stub(channel)
        infos = [one.GetInfo(planner_pb2.PlannerServiceGetInfoRequest()).info for one in (stub, both)]
        assert tuple(model.id for model in infos[1].models) == names
        assert infos[1].memory.weights_bytes > infos[0].memory.weights_bytes > 0
        assert infos[1].memory.peak_bytes >= infos[1].memory.weights_bytes
        codes = {name: tuple(plan(both, model=name, write_codes=True).codes) for name in (*names, "")}
        assert codes[""] == codes[names[0]] != codes[names[1]]


def test_a_model_is_loaded_when_asked_for_and_released_when_idle(tiny_models: Path, stub: Stub) -> None:
    names = ("acestep-5Hz-lm-0.6B", "acestep-5Hz-lm-1.7B")
    flags = ("--models", str(tiny_models), "--planners", ",".join(names), "--idle-seconds", "0.05")
    with running("services.planner", *flags) as server, grpc.insecure_channel(server.address) as channel:
        lazy = Stub(channel)
        assert loaded_models(lazy) == []
        for _ in range(2):
            codes = plan(lazy, model=names[1], write_codes=True).codes
            assert codes == plan(stub, model=names[1], write_codes=True).codes
            wait_until(lambda: loaded_models(lazy) == [])
        with pytest.raises(grpc.RpcError, match=r"given\.lyrics"):
            plan(lazy, given=planner_pb2.Blueprint(lyrics="a" * 10_001))
        assert loaded_models(lazy) == []


def test_deterministic_mode_gives_the_same(tiny_models: Path, stub: Stub) -> None:
    with (
        running("services.planner", "--models", str(tiny_models), "--deterministic", "true") as server,
        grpc.insecure_channel(server.address) as channel,
    ):
        assert plan(Stub(channel), write_codes=True).codes == plan(stub, write_codes=True).codes


@pytest.mark.parametrize(
    ("shortest", "longest", "choices"), [(1, 12.5, (10, 12)), (None, 3.9, (3, 3)), (599, None, (599, 600))]
)
def test_an_open_length_is_chosen_within_what_the_caller_can_use(
    stub: Stub, shortest: float | None, longest: float | None, choices: tuple[int, int]
) -> None:
    open_length = planner_pb2.Blueprint(caption="rain", metadata=stage_pb2.Metadata(bpm=90))
    for seed in range(3):
        sampling = planner_pb2.TokenSampling(seed=seed)
        found = plan(stub, given=open_length, min_seconds=shortest, max_seconds=longest, sampling=sampling)
        assert choices[0] <= found.blueprint.metadata.duration_seconds <= choices[1]
        assert f"duration: {found.blueprint.metadata.duration_seconds:g}\n" in found.thought


def test_what_is_given_stands_beside_an_earlier_thought(stub: Stub) -> None:
    """What the thought leaves open too. A length overrides: so one that is too long for the caller can be followed."""
    found = plan(stub, thought="bpm: 120\ncaption: soft\nduration: 400", write_codes=True, max_seconds=240.0)
    assert found.thought == "bpm: 120\ncaption: soft\nduration: 2\nkeyscale: F♯ minor\ntimesignature: 3"
    assert len(found.codes) == 12
    metadata = found.blueprint.metadata
    assert (metadata.bpm, metadata.key_scale, metadata.time_signature) == (120, "F♯ minor", "3")
    assert found.blueprint.caption == "soft"


WRONG_PLANS: dict[str, tuple[dict[str, Any], str]] = {
    "long lyrics": ({"given": planner_pb2.Blueprint(lyrics="a" * 10_001)}, "given.lyrics"),
    "long caption": ({"given": planner_pb2.Blueprint(caption="a" * 8193)}, "given.caption"),
    "slow": ({"given": planner_pb2.Blueprint(metadata=stage_pb2.Metadata(bpm=29))}, "given.metadata.bpm"),
    "too long a song": (
        {"given": planner_pb2.Blueprint(metadata=stage_pb2.Metadata(duration_seconds=601))},
        "given.metadata.duration_seconds",
    ),
    "not a number": (
        {"given": planner_pb2.Blueprint(metadata=stage_pb2.Metadata(duration_seconds=float("nan")))},
        "given.metadata.duration_seconds",
    ),
    "no key": (
        {"given": planner_pb2.Blueprint(metadata=stage_pb2.Metadata(key_scale="H"))},
        "given.metadata.key_scale",
    ),
    "no length": (
        {"given": planner_pb2.Blueprint(), "write_metadata": False, "write_codes": True},
        "given.metadata.duration_seconds",
    ),
    "shorter than wanted": ({"min_seconds": 3.0}, "given.metadata.duration_seconds"),
    "longer than wanted": (
        {"given": planner_pb2.Blueprint(metadata=stage_pb2.Metadata(duration_seconds=31)), "max_seconds": 30.5},
        "given.metadata.duration_seconds",
    ),
    "no shortest length": ({"min_seconds": float("nan")}, "min_seconds"),
    "shortest of all beyond the planner": ({"min_seconds": 601.0}, "min_seconds"),
    "no longest length": ({"max_seconds": float("inf")}, "max_seconds"),
    "limits the wrong way round": ({"min_seconds": 30.0, "max_seconds": 20.0}, "max_seconds"),
    "no whole second": ({"min_seconds": 2.2, "max_seconds": 2.9}, "max_seconds"),
    "a thought that is too long": (
        {"given": planner_pb2.Blueprint(), "thought": "duration: 400", "max_seconds": 240.0},
        "thought",
    ),
    "no thought": ({"thought": "tempo: 90"}, "thought"),
    "deep thought": ({"thought": "bpm: " + "[" * 3000}, "thought"),
    "contradiction": ({"thought": "bpm: 75"}, "given.metadata.bpm"),
    "long thought": ({"thought": "a" * 8193}, "thought"),
    "guidance": ({"guidance_scale": 11.0}, "guidance_scale"),
    "form": ({"prompt_form": 9}, "prompt_form"),
    "heat": ({"sampling": planner_pb2.TokenSampling(temperature=-1)}, "sampling.temperature"),
}


@pytest.mark.parametrize("mistake", WRONG_PLANS)
def test_wrong_plans_name_their_field(stub: Stub, mistake: str) -> None:
    fields, field = WRONG_PLANS[mistake]
    error = refused(lambda: stub.Plan(planner_pb2.PlanRequest(**{"given": GIVEN, **fields}), timeout=30))
    assert isinstance(error, InvalidRequestError)
    assert [violation.field for violation in error.violations] == [field]


def test_other_wrong_calls(stub: Stub) -> None:
    unknown = refused(lambda: stub.Plan(planner_pb2.PlanRequest(model="jukebox"), timeout=30))
    assert isinstance(unknown, NotFoundError)
    for request, field in (
        (planner_pb2.PlannerServiceScoreRequest(codes=[1]), "blueprint"),
        (planner_pb2.PlannerServiceScoreRequest(blueprint=GIVEN), "codes"),
        (planner_pb2.PlannerServiceScoreRequest(codes=[64_000], blueprint=GIVEN), "codes"),
        (planner_pb2.PlannerServiceScoreRequest(codes=[1], blueprint=GIVEN, scale=2), "scale"),
        (planner_pb2.PlannerServiceScoreRequest(codes=[1], genres="a" * 8193), "genres"),
    ):
        error = refused(functools.partial(score, stub, request))
        assert [violation.field for violation in error.violations] == [field]
    for wish, field in (
        (planner_pb2.PlannerServiceComposeRequest(query="a" * 8193), "query"),
        (planner_pb2.PlannerServiceComposeRequest(vocal_language="klingon"), "vocal_language"),
        (planner_pb2.PlannerServiceComposeRequest(sampling={"top_p": 2}), "sampling.top_p"),
    ):
        error = refused(functools.partial(compose, stub, wish))
        assert [violation.field for violation in error.violations] == [field]
    unknown_language = refused(lambda: compose(stub, planner_pb2.PlannerServiceComposeRequest(vocal_language="tlh")))
    assert f"one of {' '.join(sorted(LANGUAGES))}" in unknown_language.message
    wrong_words = planner_pb2.Blueprint(lyrics="a" * 10_001, metadata=stage_pb2.Metadata(bpm=301, time_signature="5"))
    error = refused(lambda: [stub.Rewrite(planner_pb2.PlannerServiceRewriteRequest(given=wrong_words), timeout=30)])
    assert {violation.field for violation in error.violations} == {
        "given.lyrics",
        "given.metadata.bpm",
        "given.metadata.time_signature",
    }
    codes = planner_pb2.PlannerServiceUnderstandRequest(codes=[0] * 3001)
    assert "at most 3000" in refused(lambda: [stub.Understand(codes, timeout=30)]).message


def test_codes_are_those_of_the_model(tiny_models: Path, tmp_path: Path) -> None:
    """Of 16 codes songs have no others, none is understood beyond them, and all is told before the model is loaded."""
    flags = ("--models", str(copy_with_codes(tiny_models, tmp_path, 16)), "--idle-seconds", "60")
    with running("services.planner", *flags) as server, grpc.insecure_channel(server.address) as channel:
        stub = Stub(channel)
        error = refused(
            lambda: stub.Understand(planner_pb2.PlannerServiceUnderstandRequest(codes=[15, 16]), timeout=30)
        )
        assert [(fault.field, fault.description) for fault in error.violations] == [
            ("codes", "16 is no code; they end at 15")
        ]
        (model,) = stub.GetInfo(planner_pb2.PlannerServiceGetInfoRequest()).info.models
        assert (model.codebook_size, model.loaded) == (16, False)
        codes = plan(stub, given=GIVEN, write_codes=True, write_metadata=False).codes
        assert len(codes) > 5
        assert max(codes) < 16


def test_a_context_that_is_too_short(short_context: Stub) -> None:
    long = planner_pb2.Blueprint(lyrics="la " * 1000, metadata=METADATA)
    error = refused(lambda: short_context.Plan(planner_pb2.PlanRequest(given=long, write_codes=True), timeout=30))
    assert error.reason == "CONTEXT_TOO_LONG"
    assert "1024" in error.message
    open_length = planner_pb2.Blueprint(lyrics="la " * 1000)
    steps = computed(short_context)
    request = planner_pb2.PlanRequest(given=open_length, write_codes=True)
    assert refused(lambda: short_context.Plan(request, timeout=30)).reason == "CONTEXT_TOO_LONG"
    assert computed(short_context) == steps


def test_the_queue_counts_what_is_expected(tiny_models: Path) -> None:
    """Not the longest that could be written: two songs in words may wait where room is for a thousand tokens each."""
    flags = ("--models", str(tiny_models), "--rows", "2", "--max-queued-tokens", "2000")
    slow = planner_pb2.Blueprint(metadata=stage_pb2.Metadata(bpm=90, duration_seconds=600, key_scale="C major"))
    words = planner_pb2.PlannerServiceComposeRequest(query="rain")
    with running("services.planner", *flags) as server, grpc.insecure_channel(server.address) as channel:
        stub = Stub(channel)
        running_call: Any = stub.Plan(planner_pb2.PlanRequest(given=slow, write_codes=True))
        next(iter(running_call))
        waiting: list[Any] = []
        for count in (1, 2):
            waiting.append(stub.Compose.future(words))
            wait_until(functools.partial(is_waiting, stub, count))
        assert isinstance(
            refused(lambda: stub.Plan(planner_pb2.PlanRequest(given=slow, write_codes=True))), OverloadedError
        )
        for call in (*waiting, running_call):
            call.cancel()


def test_an_open_length_fits_the_context(short_context: Stub) -> None:
    """Whatever length the planner chooses, the codes of the song have room, in this call and in a later one."""
    given = planner_pb2.Blueprint(caption="rain", lyrics="la la\n" * 90, metadata=stage_pb2.Metadata(bpm=90))
    for seed in range(2):
        sampling = planner_pb2.TokenSampling(seed=seed, temperature=2)
        found = plan(short_context, given=given, sampling=sampling)
        seconds = found.blueprint.metadata.duration_seconds
        assert 10 <= seconds <= 60
        codes = plan(short_context, given=given, thought=found.thought, write_codes=True, sampling=sampling).codes
        assert len(codes) == 5 * seconds
        assert plan(short_context, given=given, write_codes=True, sampling=sampling).codes == codes


def test_a_full_queue_and_a_short_deadline(tiny_models: Path) -> None:
    flags = ("--models", str(tiny_models), "--rows", "2", "--max-queued-items", "1")
    slow = planner_pb2.Blueprint(metadata=stage_pb2.Metadata(bpm=90, duration_seconds=600, key_scale="C major"))
    with running("services.planner", *flags) as server, grpc.insecure_channel(server.address) as channel:
        stub = Stub(channel)
        request = planner_pb2.PlanRequest(given=slow, write_codes=True)
        late = refused(lambda: stub.Plan(request, timeout=0.2))
        assert isinstance(late, DeadlineError)
        wait_until(lambda: load(stub).running_items == 0)
        running_call: Any = stub.Plan(request)
        next(iter(running_call))
        queued_call: Any = stub.Plan(request)
        wait_until(lambda: load(stub).queued_items == 1)
        full = refused(lambda: stub.Plan(request, timeout=30))
        assert isinstance(full, OverloadedError)
        assert full.retry_after_s
        queued_call.cancel()
        running_call.cancel()
        assert plan(stub, write_codes=True).codes


def test_cancelling_stops_the_compute(stub: Stub) -> None:
    slow = planner_pb2.Blueprint(metadata=stage_pb2.Metadata(bpm=90, duration_seconds=600))
    call: Any = stub.Plan(planner_pb2.PlanRequest(given=slow, write_codes=True))
    for event in call:
        if event.HasField("progress"):
            call.cancel()
            break
    wait_until(lambda: load(stub).running_items == 0)
    info = planner_pb2.PlannerServiceGetInfoRequest()
    steps = stub.GetInfo(info).info.steps_computed
    assert plan(stub, write_metadata=False, write_codes=True).codes
    assert stub.GetInfo(info).info.steps_computed - steps < 100
