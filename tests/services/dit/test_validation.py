"""What starts, variations, switches, kept frames and edits must keep; every violation has its path."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from quartet import tensors
from quartet.errors import InvalidRequestError
from quartet.v1 import dit_pb2, tensor_pb2
from quartet.validation import Violations
from services.dit.items import SampleItem
from services.dit.validation import SampleLimits, sample_item

LIMITS = SampleLimits(
    latent_channels=8, condition_width=32, max_frames=1000, max_condition_tokens=50, frames_per_token=2
)
NAN, INF = float("nan"), float("inf")


def full(value: float, *shape: int) -> tensor_pb2.Tensor:
    return tensors.encode(np.full(shape, value, np.float32))


LATENTS, CONDITION = full(0.5, 130, 8), full(0.5, 20, 32)
MASK = tensors.encode(np.arange(130) < 60)


def start(latents: tensor_pb2.Tensor = LATENTS, noise: float = 0.5) -> dict[str, Any]:
    return {"start": dit_pb2.Start(latents=latents, noise=noise)}


def variation(variance: float) -> dict[str, Any]:
    return {"variation": dit_pb2.Variation(variance=variance, seed=3)}


def switch(condition: tensor_pb2.Tensor = CONDITION, strength: float = 0.5, **fields: Any) -> dict[str, Any]:
    return {"switch": dit_pb2.ConditionSwitch(condition=condition, strength=strength, **fields)}


def keep(latents: tensor_pb2.Tensor = LATENTS, injection: float = 0.5, crossfade_frames: int = 12) -> dict[str, Any]:
    kept = dit_pb2.Keep(latents=latents, injection=injection, crossfade_frames=crossfade_frames)
    return {"keep": kept, "mask": MASK}


def edit(**fields: Any) -> dict[str, Any]:
    plain = {"source_latents": LATENTS, "source_condition": CONDITION, "n_min": 0.2, "n_max": 0.8, "n_avg": 2}
    return {"edit": dit_pb2.FlowEdit(**{**plain, **fields})}


def item(**fields: Any) -> SampleItem:
    with Violations() as check:
        return sample_item(dit_pb2.SampleRequest(condition=CONDITION, frames=130, **fields), LIMITS, check)


def test_at_their_borders_all_are_taken() -> None:
    for noise in (0, 1):
        assert item(**start(noise=noise, latents=full(0.5, 1, 8))).start is not None
    for share in (0, 1):
        assert item(**variation(share)).variation is not None
        assert item(**switch(strength=share, source_latents=full(0.5, 1, 8))).switch is not None
        assert item(**keep(injection=share, crossfade_frames=250 * share)).keep is not None
        assert item(**edit(n_min=share, n_max=share, n_avg=1 + 7 * share)).edit is not None
    assert item(keep=dit_pb2.Keep(crossfade_frames=1), mask=MASK).keep is not None
    assert item(**start(), **variation(0.5), **switch(blend=True), **keep()).keep is not None
    assert item(**edit(), mask=MASK, source_latents=LATENTS).edit is not None


@pytest.mark.parametrize(
    ("fields", "invalid"),
    [
        (start(noise=-0.1), {"start.noise"}),
        (start(noise=1.1), {"start.noise"}),
        (start(noise=NAN), {"start.noise"}),
        (start(full(0.5, 131, 8)), {"start.latents"}),
        (start(full(0.5, 0, 8)), {"start.latents"}),
        (start(full(0.5, 130, 9)), {"start.latents"}),
        (start(full(NAN, 130, 8)), {"start.latents"}),
        ({"start": dit_pb2.Start(noise=2)}, {"start.latents", "start.noise"}),
        (variation(-0.1), {"variation.variance"}),
        (variation(1.01), {"variation.variance"}),
        (variation(INF), {"variation.variance"}),
        (switch(strength=1.5), {"switch.strength"}),
        (switch(strength=NAN), {"switch.strength"}),
        (switch(full(0.5, 20, 31)), {"switch.condition"}),
        (switch(full(0.5, 51, 32)), {"switch.condition"}),
        (switch(full(INF, 20, 32)), {"switch.condition"}),
        ({"switch": dit_pb2.ConditionSwitch()}, {"switch.condition"}),
        (switch(source_latents=full(0.5, 131, 8)), {"switch.source_latents"}),
        (switch(source_latents=full(NAN, 130, 8)), {"switch.source_latents"}),
        (switch(source_latents=LATENTS, blend=True), {"switch.source_latents"}),
        ({"keep": keep()["keep"]}, {"mask"}),
        ({"keep": dit_pb2.Keep(latents=LATENTS, free=tensors.encode(np.ones(129, bool)))}, {"keep.free"}),
        (keep(injection=-0.01), {"keep.injection"}),
        (keep(injection=NAN), {"keep.injection"}),
        (keep(crossfade_frames=251), {"keep.crossfade_frames"}),
        (keep(full(0.5, 131, 8)), {"keep.latents"}),
        (keep(full(0.5, 0, 8)), {"keep.latents"}),
        (edit(n_min=0.9), {"edit.n_min"}),
        (edit(n_min=-1), {"edit.n_min"}),
        (edit(n_max=1.5), {"edit.n_max"}),
        (edit(n_min=NAN, n_max=INF), {"edit.n_min", "edit.n_max"}),
        (edit(n_avg=0), {"edit.n_avg"}),
        (edit(n_avg=9), {"edit.n_avg"}),
        (edit(source_latents=None), {"edit.source_latents"}),
        (edit(source_latents=full(INF, 130, 8)), {"edit.source_latents"}),
        (edit(source_condition=None), {"edit.source_condition"}),
        (edit(source_condition=full(0.5, 51, 32)), {"edit.source_condition"}),
        ({**edit(), **start()}, {"start"}),
        ({**edit(), **variation(0.5)}, {"variation"}),
        ({**edit(), **switch()}, {"switch"}),
        ({**edit(), **keep()}, {"keep"}),
        ({**edit(n_avg=0), "noise": LATENTS}, {"noise", "edit.n_avg"}),
    ],
)
def test_invalid_fields_are_named_all_at_once(fields: dict[str, Any], invalid: set[str]) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        item(**fields)
    assert {violation.field for violation in refused.value.violations} == invalid
