"""DitService on loopback."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

from quartet import tensors
from quartet.errors import (
    DeadlineError,
    InternalError,
    NotFoundError,
    UnimplementedError,
    from_rpc_error,
)
from quartet.v1 import dit_pb2, dit_pb2_grpc, tensor_pb2
from tests.services.dit.calls import NAN, Stub, normal, request, result, steps_computed, violations
from tests.support.processes import running

HALF = tensors.encode(np.arange(130) < 60)


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


INF = float("inf")
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
