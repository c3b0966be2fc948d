"""DitService on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

from quartet import tensors
from quartet.errors import (
    DeadlineError,
    InternalError,
    InvalidRequestError,
    NotFoundError,
    UnimplementedError,
    from_rpc_error,
)
from quartet.v1 import dit_pb2, dit_pb2_grpc, tensor_pb2
from tests.support.processes import running

Stub = dit_pb2_grpc.DitServiceStub


@pytest.fixture
def stub(dit_address: str) -> Iterator[Stub]:
    with grpc.insecure_channel(dit_address) as channel:
        yield dit_pb2_grpc.DitServiceStub(channel)


def normal(*shape: int, seed: int = 0) -> tensor_pb2.Tensor:
    return tensors.encode(np.random.default_rng(seed).standard_normal(shape).astype(np.float32))


HALF = tensors.encode(np.arange(130) < 60)


def request(**fields: Any) -> dit_pb2.SampleRequest:
    return dit_pb2.SampleRequest(**{"condition": normal(20, 32), "frames": 130, "seed": 7, **fields})


def result(stub: Stub, **fields: Any) -> dit_pb2.SampleResult:
    *_, last = stub.Sample(request(**fields))
    return last.result


def violations(stub: Stub, **fields: Any) -> set[str]:
    with pytest.raises(grpc.RpcError) as refused:
        list(stub.Sample(request(**fields)))
    error = from_rpc_error(refused.value)
    assert isinstance(error, InvalidRequestError)
    return {violation.field for violation in error.violations}


def test_steps_then_latents(stub: Stub) -> None:
    *steps, last = stub.Sample(request())
    assert [(event.progress.step, event.progress.steps) for event in steps] == [(step, 8) for step in range(1, 9)]
    latents = tensors.decode_float32(last.result.latents, (130, 8))
    assert latents.std() > 0.1
    assert len(last.result.timesteps) == 8
    assert last.result.report.model.id == "acestep-v15-turbo"


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(stub: Stub) -> None:
    assert result(stub).latents == result(stub).latents
    assert result(stub).latents != result(stub, seed=8).latents


@pytest.mark.parametrize("frames", [1, 25, 127, 128, 129])
def test_what_was_asked_is_what_comes_whatever_the_network_sees(stub: Stub, frames: int) -> None:
    assert list(result(stub, frames=frames).latents.shape) == [frames, 8]


def test_short_items_are_cuts_of_the_128_frames_that_the_network_sees(stub: Stub) -> None:
    short, whole = (tensors.decode(result(stub, frames=frames).latents) for frames in (40, 128))
    np.testing.assert_array_equal(short, whole[:40])


def test_noise_of_the_caller_takes_the_place_of_the_seed(stub: Stub) -> None:
    assert result(stub, noise=normal(130, 8), seed=1).latents == result(stub, noise=normal(130, 8), seed=2).latents


def test_previews_show_the_clean_estimate(stub: Stub) -> None:
    events = list(stub.Sample(request(preview_every_steps=4)))
    previews = [event.preview for event in events if event.HasField("preview")]
    assert [preview.step for preview in previews] == [4, 8]
    without_correction = dit_pb2.WaveletCorrection(low=0, high=0)
    *rest, last = stub.Sample(request(preview_every_steps=8, wavelet_correction=without_correction))
    final = tensors.decode(last.result.latents)
    np.testing.assert_allclose(tensors.decode(rest[-1].preview.latents), final, rtol=1e-5, atol=1e-5)


def test_stochastic_sampling_is_seeded_too(stub: Stub) -> None:
    sde = result(stub, method=dit_pb2.SAMPLER_METHOD_SDE)
    assert sde.latents == result(stub, method=dit_pb2.SAMPLER_METHOD_SDE).latents
    assert sde.latents != result(stub).latents


@pytest.mark.parametrize(
    "fields",
    [
        {"source_latents": normal(130, 8, seed=3)},
        {"mask": HALF},
        {"wavelet_correction": dit_pb2.WaveletCorrection(low=0.5, high=0.2)},
        {"schedule": dit_pb2.Schedule(steps=5)},
        {"schedule": dit_pb2.Schedule(shift=1)},
        {"schedule": dit_pb2.Schedule(timesteps=[1, 0.75, 0.5])},
        {"start": dit_pb2.Start(latents=normal(130, 8, seed=3), noise=0.8)},
        {"variation": dit_pb2.Variation(variance=0.1, seed=7)},
        {"switch": dit_pb2.ConditionSwitch(strength=0.5, condition=normal(9, 32, seed=4))},
        {"switch": dit_pb2.ConditionSwitch(strength=0.5, condition=normal(9, 32, seed=4), blend=True)},
        {"keep": dit_pb2.Keep(latents=normal(130, 8, seed=3), injection=0.5), "mask": HALF},
        {
            "edit": dit_pb2.FlowEdit(
                source_latents=normal(130, 8, seed=3), source_condition=normal(9, 32, seed=4), n_max=1, n_avg=1
            )
        },
        {"method": dit_pb2.SAMPLER_METHOD_SDE},
        {"method": dit_pb2.SAMPLER_METHOD_HEUN},
        {"velocity_clamp": 0.5},
        {"velocity_ema": 0.2},
    ],
    ids=[
        *("source", "mask", "correction", "steps", "shift", "timesteps"),
        *("start", "variation", "switch", "blend", "keep", "edit"),
        *("sde", "heun", "clamp", "ema"),
    ],
)
def test_every_option_has_an_effect(stub: Stub, fields: dict[str, Any]) -> None:
    assert result(stub, **fields).latents != result(stub).latents


def test_a_start_without_noise_is_the_end_and_computes_nothing(stub: Stub) -> None:
    source, before = normal(130, 8, seed=3), steps_computed(stub)
    only = result(stub, start=dit_pb2.Start(latents=source, noise=0))
    assert only.latents == source
    assert not only.timesteps
    assert steps_computed(stub) == before


def test_no_variance_is_the_same_bytes(stub: Stub) -> None:
    assert result(stub, variation=dit_pb2.Variation(variance=0, seed=9)).latents == result(stub).latents


def test_kept_frames_come_back_bit_by_bit(stub: Stub) -> None:
    source = normal(130, 8, seed=3)
    keep = dit_pb2.Keep(latents=source, injection=1, crossfade_frames=10)
    latents = tensors.decode(result(stub, keep=keep, mask=HALF).latents)
    np.testing.assert_array_equal(latents[70:], tensors.decode(source)[70:])


@pytest.mark.parametrize(
    "changed",
    [
        {"mode": dit_pb2.WAVELET_MODE_LOW},
        {"mode": dit_pb2.WAVELET_MODE_HIGH},
        {"mode": dit_pb2.WAVELET_MODE_PIXEL},
        {"wavelet": dit_pb2.WAVELET_DB2},
        {"wavelet": dit_pb2.WAVELET_DB4},
        {"wavelet": dit_pb2.WAVELET_SYM4},
        {"wavelet": dit_pb2.WAVELET_SYM8},
        {"wavelet": dit_pb2.WAVELET_COIF2},
    ],
)
def test_every_mode_and_wavelet_of_the_correction_has_an_effect(stub: Stub, changed: dict[str, Any]) -> None:
    few = dit_pb2.Schedule(steps=3)
    usual, named, other = (
        result(stub, schedule=few, wavelet_correction=dit_pb2.WaveletCorrection(low=0.5, high=0.2, **fields)).latents
        for fields in ({}, {"mode": dit_pb2.WAVELET_MODE_DOUBLE, "wavelet": dit_pb2.WAVELET_HAAR}, changed)
    )
    assert usual == named
    assert usual != other


def test_ping_pong_on_turbo_is_sde(stub: Stub) -> None:
    sde, ping_pong = (dit_pb2.SAMPLER_METHOD_SDE, dit_pb2.SAMPLER_METHOD_PING_PONG)
    assert result(stub, method=sde).latents == result(stub, method=ping_pong).latents


def test_snapped_timesteps_are_told(stub: Stub) -> None:
    custom = result(stub, schedule=dit_pb2.Schedule(timesteps=[0.99, 0.5, 0.28]))
    snapped = result(stub, schedule=dit_pb2.Schedule(timesteps=[0.99, 0.5, 0.28], snap=True))
    assert custom.timesteps == [0.99, 0.5, 0.28]
    assert snapped.timesteps == [1.0, 0.5, 0.3]
    assert any("0.99" in warning for warning in custom.warnings)
    assert not snapped.warnings


def test_no_clamp_and_no_average_change_nothing(stub: Stub) -> None:
    assert result(stub, velocity_clamp=0, velocity_ema=0).latents == result(stub).latents


def test_a_condition_may_come_as_it_was_computed(stub: Stub) -> None:
    bits = tensors.float32_to_bfloat16(tensors.decode(normal(20, 32)))
    wide = tensors.encode(tensors.bfloat16_to_float32(bits))
    assert result(stub, condition=tensors.encode_bfloat16(bits)).latents == result(stub, condition=wide).latents


def test_what_turbo_ignores_is_said(stub: Stub) -> None:
    warnings = result(stub, guidance=dit_pb2.Guidance(scale=7)).warnings
    assert any("guidance is ignored" in warning for warning in warnings)


NAN, INF = float("nan"), float("inf")
UNKNOWN_MODE = dit_pb2.WaveletCorrection(mode=9)  # type: ignore[arg-type]
UNKNOWN_WAVELET = dit_pb2.WaveletCorrection(wavelet=9)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "invalid"),
    [
        ({"frames": 0}, {"frames"}),
        ({"frames": 15_001}, {"frames"}),
        ({"condition": None}, {"condition"}),
        ({"condition": normal(0, 32)}, {"condition"}),
        ({"condition": normal(20, 31)}, {"condition"}),
        ({"condition": normal(4097, 32)}, {"condition"}),
        ({"condition": tensors.encode(np.full((2, 32), NAN, np.float32))}, {"condition"}),
        ({"condition": tensors.encode(np.full((2, 32), -INF, np.float16))}, {"condition"}),
        ({"condition": tensors.encode_bfloat16(np.full((2, 32), 0x7FC0, np.uint16))}, {"condition"}),
        ({"condition": tensors.encode(np.zeros((2, 32), np.int32))}, {"condition"}),
        ({"null_condition": normal(2, 32)}, {"null_condition"}),
        ({"condition": tensor_pb2.Tensor(dtype=tensor_pb2.D_TYPE_F32, shape=[2**30, 32], data=b"")}, {"condition"}),
        ({"noise": normal(129, 8)}, {"noise"}),
        ({"noise": tensors.encode(np.full((130, 8), INF, np.float32))}, {"noise"}),
        ({"source_latents": normal(130, 9)}, {"source_latents"}),
        ({"mask": normal(130)}, {"mask"}),
        ({"silenced": tensors.encode(np.zeros(129, bool))}, {"silenced"}),
        ({"mask": tensor_pb2.Tensor(dtype=tensor_pb2.D_TYPE_BOOL, shape=[130], data=b"\x02" * 130)}, {"mask"}),
        ({"schedule": dit_pb2.Schedule(steps=201)}, {"schedule.steps"}),
        ({"schedule": dit_pb2.Schedule(shift=NAN)}, {"schedule.shift"}),
        ({"schedule": dit_pb2.Schedule(timesteps=[0.5, 0.9])}, {"schedule.timesteps"}),
        ({"method": 9}, {"method"}),
        ({"guidance": dit_pb2.Guidance(mode=9)}, {"guidance.mode"}),  # type: ignore[arg-type]
        ({"guidance": dit_pb2.Guidance(scale=31)}, {"guidance.scale"}),
        ({"guidance": dit_pb2.Guidance(interval_start=0.8, interval_end=0.2)}, {"guidance.interval_start"}),
        ({"wavelet_correction": dit_pb2.WaveletCorrection(low=-1)}, {"wavelet_correction.low"}),
        ({"wavelet_correction": dit_pb2.WaveletCorrection(high=NAN)}, {"wavelet_correction.high"}),
        ({"wavelet_correction": UNKNOWN_MODE}, {"wavelet_correction.mode"}),
        ({"wavelet_correction": UNKNOWN_WAVELET}, {"wavelet_correction.wavelet"}),
        ({"velocity_clamp": -0.1}, {"velocity_clamp"}),
        ({"velocity_clamp": 5.1}, {"velocity_clamp"}),
        ({"velocity_clamp": NAN}, {"velocity_clamp"}),
        ({"velocity_ema": -0.1}, {"velocity_ema"}),
        ({"velocity_ema": 0.51}, {"velocity_ema"}),
        ({"velocity_ema": INF}, {"velocity_ema"}),
        ({"schedule": dit_pb2.Schedule(timesteps=[0.5, 0.9], snap=True)}, {"schedule.timesteps"}),
        ({"method": -1, "velocity_clamp": 9, "velocity_ema": 9}, {"method", "velocity_clamp", "velocity_ema"}),
        ({"schedule": dit_pb2.Schedule(timesteps=[1, INF])}, {"schedule.timesteps"}),
        ({"schedule": dit_pb2.Schedule(timesteps=[1 - step / 300 for step in range(201)])}, {"schedule.timesteps"}),
        ({"guidance": dit_pb2.Guidance(interval_end=INF)}, {"guidance.interval_end"}),
        ({"source_latents": tensor_pb2.Tensor()}, {"source_latents"}),
        ({"noise": tensor_pb2.Tensor(dtype=77, shape=[130, 8])}, {"noise"}),  # type: ignore[arg-type]
        ({"noise": tensor_pb2.Tensor(dtype=tensor_pb2.D_TYPE_F32, shape=[-1, 8])}, {"noise"}),
        ({"noise": tensor_pb2.Tensor(dtype=tensor_pb2.D_TYPE_F32, shape=[1] * 9, data=b"1234")}, {"noise"}),
        ({"frames": 0, "method": 9, "noise": normal(3, 3)}, {"frames", "method", "noise"}),
    ],
)
def test_invalid_fields_are_named_all_at_once(stub: Stub, fields: dict[str, Any], invalid: set[str]) -> None:
    assert violations(stub, **fields) == invalid
    assert result(stub, frames=1, schedule=dit_pb2.Schedule(steps=1)).report.batch_size == 1


def test_an_unknown_model(stub: Stub) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        list(stub.Sample(request(model="other")))
    assert isinstance(from_rpc_error(refused.value), NotFoundError)


def test_a_deadline_that_cannot_be_met_is_refused_at_once(stub: Stub) -> None:
    list(stub.Sample(request()))
    steps = steps_computed(stub)
    with pytest.raises(grpc.RpcError) as refused:
        list(stub.Sample(request(frames=15_000, schedule=dit_pb2.Schedule(steps=200)), timeout=0.2))
    assert isinstance(from_rpc_error(refused.value), DeadlineError)
    assert steps_computed(stub) == steps


def test_noise_that_overflows_is_an_error_with_a_reason(stub: Stub) -> None:
    with pytest.raises(grpc.RpcError) as failed:
        result(stub, noise=tensors.encode(np.full((130, 8), 3e38, np.float32)))
    error = from_rpc_error(failed.value)
    assert isinstance(error, InternalError)
    assert error.reason == "NON_FINITE_LATENTS"
    assert result(stub).latents


def test_a_cancelled_call_stops_within_a_step(stub: Stub) -> None:
    """The second call waits for the thread that served the first: what it finds counted is final."""
    before = steps_computed(stub)
    call = stub.Sample(request(frames=2000, schedule=dit_pb2.Schedule(steps=200)))
    seen = next(iter(call)).progress.step
    call.cancel()  # type: ignore[no-untyped-call]
    result(stub, frames=1, schedule=dit_pb2.Schedule(steps=1))
    assert seen <= steps_computed(stub) - before - 1 < 200


def align_request(**fields: Any) -> dit_pb2.AlignRequest:
    given = {"condition": normal(20, 32), "latents": normal(131, 8, seed=1), "lyric_tokens": 6, "seed": 42}
    return dit_pb2.AlignRequest(**{**given, **fields})


def test_alignment_is_a_share_for_each_lyric_token_and_moment(stub: Stub) -> None:
    reply = stub.Align(align_request())
    attention = tensors.decode(reply.alignment, (6, 66))
    assert attention.dtype == np.float16
    assert (attention > 0).all()
    assert (attention.sum(axis=0) < 1).all()
    assert reply.frames_per_moment == 2
    assert reply.report.model.id == "acestep-v15-turbo"
    every_token = tensors.decode(stub.Align(align_request(lyric_tokens=20)).alignment)
    np.testing.assert_allclose(every_token.sum(axis=0, dtype=np.float64), 1, atol=2e-3)
    np.testing.assert_array_equal(every_token[:6], attention)


@pytest.mark.parametrize(
    "fields",
    [
        {"latents": normal(131, 8, seed=2)},
        {"condition": normal(20, 32, seed=3)},
        {"seed": 43},
        {"noise_level": 0.5},
        {"source_latents": normal(100, 8, seed=3)},
        {"mask": tensors.encode(np.arange(131) < 60)},
    ],
    ids=["latents", "condition", "seed", "noise level", "source", "mask"],
)
def test_alignment_depends_on_all_that_it_is_given(stub: Stub, fields: dict[str, Any]) -> None:
    assert stub.Align(align_request(**fields)).alignment != stub.Align(align_request()).alignment


def test_alignment_hears_silence_where_the_source_is_silenced(stub: Stub) -> None:
    source = normal(131, 8, seed=3)
    heard, partly, not_at_all = (
        stub.Align(align_request(source_latents=source, silenced=tensors.encode(np.arange(131) >= audible))).alignment
        for audible in (131, 60, 0)
    )
    assert heard == stub.Align(align_request(source_latents=source)).alignment
    assert not_at_all == stub.Align(align_request()).alignment
    assert partly not in (heard, not_at_all)


def test_the_noise_level_of_alignment_follows_the_models_steps(stub: Stub) -> None:
    assert stub.Align(align_request(noise_level=1 / 8)).alignment == stub.Align(align_request()).alignment


@pytest.mark.parametrize(
    ("fields", "invalid"),
    [
        ({"latents": tensor_pb2.Tensor()}, {"latents"}),
        ({"latents": normal(0, 8)}, {"latents"}),
        ({"latents": normal(15_001, 8)}, {"latents"}),
        ({"latents": normal(131, 9)}, {"latents"}),
        ({"latents": tensors.encode(np.full((131, 8), NAN, np.float32))}, {"latents"}),
        ({"condition": tensor_pb2.Tensor()}, {"condition"}),
        ({"condition": normal(20, 33)}, {"condition"}),
        ({"condition": normal(4097, 32)}, {"condition"}),
        ({"lyric_tokens": 0}, {"lyric_tokens"}),
        ({"lyric_tokens": 21}, {"lyric_tokens"}),
        ({"condition": normal(3000, 32), "lyric_tokens": 3000, "latents": normal(15_000, 8)}, {"lyric_tokens"}),
        ({"noise_level": 0}, {"noise_level"}),
        ({"noise_level": 1.1}, {"noise_level"}),
        ({"noise_level": NAN}, {"noise_level"}),
        ({"source_latents": normal(132, 8)}, {"source_latents"}),
        ({"mask": tensors.encode(np.ones(130, bool))}, {"mask"}),
        ({"silenced": tensors.encode(np.ones(130, bool))}, {"silenced"}),
        (
            {"latents": normal(131, 9), "lyric_tokens": 99, "noise_level": -1},
            {"latents", "lyric_tokens", "noise_level"},
        ),
    ],
)
def test_what_cannot_be_aligned_is_named(stub: Stub, fields: dict[str, Any], invalid: set[str]) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        stub.Align(align_request(**fields))
    error = from_rpc_error(refused.value)
    assert isinstance(error, InvalidRequestError)
    assert {violation.field for violation in error.violations} == invalid


def test_alignment_of_an_unknown_model(stub: Stub) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        stub.Align(align_request(model="other"))
    assert isinstance(from_rpc_error(refused.value), NotFoundError)


def test_methods_that_come_later_say_so(stub: Stub) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        stub.ListAdapters(dit_pb2.DitServiceListAdaptersRequest())
    assert isinstance(from_rpc_error(refused.value), UnimplementedError)


def test_info_tells_limits_and_defaults(stub: Stub) -> None:
    info = stub.GetInfo(dit_pb2.DitServiceGetInfoRequest())
    limits = {limit.name: limit.value for limit in info.info.limits}
    assert (limits["min_seconds"], limits["max_seconds"]) == (1, 600)
    defaults = info.defaults[0]
    assert (defaults.steps, defaults.shift, defaults.is_turbo) == (8, 3.0, True)
    assert (defaults.wavelet_correction.low, defaults.wavelet_correction.high) == (0.05, 0.02)


def steps_computed(stub: Stub) -> int:
    return stub.GetInfo(dit_pb2.DitServiceGetInfoRequest()).info.steps_computed


@pytest.fixture(scope="module")
def base(tiny_models: Path) -> Iterator[Stub]:
    """A server of the base model, which is guided unless told otherwise."""
    with (
        running("services.dit", "--models", str(tiny_models), "--variant", "acestep-v15-base") as server,
        grpc.insecure_channel(server.address) as channel,
    ):
        yield dit_pb2_grpc.DitServiceStub(channel)


FEW = dit_pb2.Schedule(steps=4)
NULL = normal(1, 32, seed=5)


def test_base_models_need_the_null_condition_for_guidance(base: Stub) -> None:
    assert violations(base, schedule=FEW) == {"null_condition"}
    assert result(base, schedule=FEW, guidance=dit_pb2.Guidance(scale=1)).latents


@pytest.mark.parametrize(
    ("fields", "invalid"),
    [
        ({"null_condition": tensor_pb2.Tensor()}, {"null_condition"}),
        ({"null_condition": normal(2, 32)}, {"null_condition"}),
        ({"null_condition": normal(1, 33)}, {"null_condition"}),
        ({"null_condition": tensors.encode(np.full((1, 32), NAN, np.float32))}, {"null_condition"}),
        ({"schedule": dit_pb2.Schedule(steps=201)}, {"schedule.steps", "null_condition"}),
        ({"schedule": dit_pb2.Schedule(steps=201), "guidance": dit_pb2.Guidance(scale=1)}, {"schedule.steps"}),
        ({"guidance": dit_pb2.Guidance(scale=NAN), "null_condition": NULL}, {"guidance.scale"}),
    ],
)
def test_invalid_guidance_is_named_with_all_else(base: Stub, fields: dict[str, Any], invalid: set[str]) -> None:
    assert violations(base, **fields) == invalid


def test_ways_to_guide_differ_and_each_step_counts_twice(base: Stub) -> None:
    plain = result(base, schedule=FEW, guidance=dit_pb2.Guidance(scale=1))
    before = steps_computed(base)
    modes = (dit_pb2.GUIDANCE_MODE_UNSPECIFIED, dit_pb2.GUIDANCE_MODE_ADG, dit_pb2.GUIDANCE_MODE_CFG)
    guided = [
        result(base, schedule=FEW, null_condition=NULL, guidance=dit_pb2.Guidance(mode=mode)).latents.data
        for mode in modes
    ]
    assert len({plain.latents.data, *guided}) == 4
    assert steps_computed(base) - before == 3 * 8


def test_methods_differ_on_base_and_heun_counts_twice(base: Stub) -> None:
    """Four steps, guided: 8 evaluations, of Heun 16. A shift tells where SDE and ping-pong renoise to."""
    methods = [method for method in dit_pb2.SamplerMethod.values() if method != dit_pb2.SAMPLER_METHOD_UNSPECIFIED]
    shifted = dit_pb2.Schedule(steps=4, shift=3)
    before = steps_computed(base)
    latents = {result(base, schedule=shifted, null_condition=NULL, method=method).latents.data for method in methods}
    assert len(latents) == len(methods) == 4
    assert steps_computed(base) - before == 3 * 8 + 16


@pytest.mark.parametrize(
    ("fields", "warning"),
    [
        ({"schedule": dit_pb2.Schedule(timesteps=[1, 0.5], snap=True)}, "snap is ignored"),
        ({"wavelet_correction": dit_pb2.WaveletCorrection(low=0.05)}, "meant for turbo"),
        ({"guidance": dit_pb2.Guidance(scale=1, mode=dit_pb2.GUIDANCE_MODE_CFG)}, "guidance are ignored"),
        ({"guidance": dit_pb2.Guidance(interval_start=0.3, interval_end=0.4)}, "acts on no step"),
    ],
)
def test_what_base_ignores_is_said(base: Stub, fields: dict[str, Any], warning: str) -> None:
    (said,) = result(base, **{"schedule": FEW, "null_condition": NULL, **fields}).warnings
    assert warning in said


def test_base_models_tell_their_own_defaults(base: Stub) -> None:
    info = base.GetInfo(dit_pb2.DitServiceGetInfoRequest())
    defaults = info.defaults[0]
    assert (defaults.steps, defaults.shift, defaults.guidance_scale, defaults.is_turbo) == (50, 1.0, 7.0, False)
    assert not defaults.HasField("wavelet_correction")
    assert info.info.models[0].id == "acestep-v15-base"


def test_a_small_device_shows_what_it_holds(stub: Stub, tiny_models: Path, tmp_path: Path) -> None:
    flags = ("--models", str(tiny_models), "--weights", "int8", "--turnstile", str(tmp_path / "turn"))
    with running("services.dit", *flags) as server, grpc.insecure_channel(server.address) as channel:
        small = dit_pb2_grpc.DitServiceStub(channel)
        exact, rounded = (tensors.decode(result(one).latents) for one in (stub, small))
        assert 0 < np.abs(rounded - exact).max() < np.abs(exact).max() / 2
        memories = [one.GetInfo(dit_pb2.DitServiceGetInfoRequest()).info.memory for one in (stub, small)]
    assert memories[1].weights_bytes < memories[0].weights_bytes
    assert all(memory.peak_bytes >= memory.weights_bytes > 0 for memory in memories)
    assert (tmp_path / "turn").exists()
