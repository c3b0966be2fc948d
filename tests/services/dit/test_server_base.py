"""DitService of a base model, which is guided unless told otherwise, on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

from quartet import tensors
from quartet.v1 import dit_pb2, dit_pb2_grpc, tensor_pb2
from tests.services.dit.calls import NAN, Stub, normal, result, steps_computed, violations
from tests.support.processes import running


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
