"""Stages whose weights exceed their budget answer as those that have room."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from services.dit import checkpoint as dit_checkpoint
from services.encoder import checkpoint as encoder_checkpoint
from services.encoder.model import Words
from services.layers.quantization import WeightForm
from services.planner import checkpoint as planner_checkpoint
from services.planner.attention import Packing
from services.planner.cache import KeyValueCache, Segment
from services.runtime.device_memory import DeviceMemory
from services.runtime.placement import device_bytes
from tests.parity.tolerance import relative_error
from tests.services.dit.tiny import normal, velocity

CPU: dict[str, Any] = {"dtype": torch.float32, "device": torch.device("cpu")}
VARIANT, PLANNER = "acestep-v15-turbo", "acestep-5Hz-lm-0.6B"


def least_budget(modules: list[nn.Module]) -> int:
    """Room for everything but a third."""
    return device_bytes(modules) * 2 // 3


def test_sampler(tiny_models: Path) -> None:
    roomy = dit_checkpoint.load(tiny_models, VARIANT, **CPU).model
    small = dit_checkpoint.load(tiny_models, VARIANT, budget=least_budget([roomy]), **CPU).model
    assert device_bytes([small]) < device_bytes([roomy])
    inputs = (normal(1, 2, 40, 8), normal(2, 2, 40, 16), normal(3, 2, 9, 32), [0.9, 0.2])
    assert torch.equal(velocity(small, *inputs), velocity(roomy, *inputs))


def test_encoder(tiny_models: Path) -> None:
    roomy = encoder_checkpoint.load(tiny_models, VARIANT, **CPU).model
    budget = least_budget(roomy.modules())
    small = encoder_checkpoint.load(tiny_models, VARIANT, budget=budget, **CPU).model
    assert device_bytes(small.modules()) < device_bytes(roomy.modules())
    words = [Words([1, 2, 3], [4, 5], (normal(4, 30, 8),)), Words([7] * 20, [8] * 40)]
    for ours, theirs in zip(small.encode(words), roomy.encode(words), strict=True):
        assert torch.equal(ours, theirs)


@torch.inference_mode()
def planned(loaded: planner_checkpoint.LoadedPlanner) -> torch.Tensor:
    model = loaded.model
    cache = KeyValueCache(model.config, 1, 64, **CPU)
    return model(torch.arange(20), Packing.of([Segment(0, 0, 20)], torch.device("cpu")), cache)  # type: ignore[no-any-return]


def test_planner(tiny_models: Path) -> None:
    roomy = planner_checkpoint.load(tiny_models, PLANNER, **CPU)
    outside = device_bytes([roomy.model]) - sum(device_bytes([layer]) for layer in roomy.model.layers)
    budget = outside + 2 * device_bytes([roomy.model.layers[0]])
    roomy.model.layers.stream(CPU["device"], resident=1)
    small = planner_checkpoint.load(tiny_models, PLANNER, budget=budget, **CPU)
    assert torch.equal(planned(small), planned(planner_checkpoint.load(tiny_models, PLANNER, **CPU)))
    assert torch.equal(planned(roomy), planned(small))


@pytest.mark.parametrize(("form", "error"), [(WeightForm.INT8, 0.05), (WeightForm.FP8, 0.15)])
def test_weights_in_eight_bits_change_little(tiny_models: Path, form: WeightForm, error: float) -> None:
    full, small = (
        dit_checkpoint.load(tiny_models, VARIANT, form=form, **CPU).model for form in (WeightForm.FULL, form)
    )
    assert device_bytes([small]) < device_bytes([full])
    inputs = (normal(1, 1, 40, 8), normal(2, 1, 40, 16), normal(3, 1, 9, 32), [0.5])
    assert 0 < relative_error(velocity(small, *inputs), velocity(full, *inputs)) <= error
    planners = (planner_checkpoint.load(tiny_models, PLANNER, form=form, **CPU) for form in (WeightForm.FULL, form))
    exact, rounded = (planned(loaded) for loaded in planners)
    assert 0 < relative_error(rounded, exact) <= error


@pytest.mark.parametrize("form", list(WeightForm))
def test_layers_in_any_form_come_for_their_turn(tiny_models: Path, form: WeightForm) -> None:
    roomy = dit_checkpoint.load(tiny_models, VARIANT, form=form, **CPU).model
    budget = device_bytes([roomy]) - device_bytes([roomy.layers[0]])
    small = dit_checkpoint.load(tiny_models, VARIANT, form=form, budget=budget, **CPU).model
    assert small.layers.host_bytes > 0
    inputs = (normal(1, 1, 40, 8), normal(2, 1, 40, 16), normal(3, 1, 9, 32), [0.5])
    assert torch.equal(velocity(small, *inputs), velocity(roomy, *inputs))


def test_memory_counts_weights_that_stay_and_what_comes_later(tiny_models: Path) -> None:
    model = dit_checkpoint.load(tiny_models, VARIANT, **CPU).model
    memory = DeviceMemory.of([model], CPU["device"])
    assert memory.weights == device_bytes([model]) == sum(parameter.nbytes for parameter in model.parameters())
    before = memory.peak()
    grown = torch.ones(2**24)
    assert memory.peak() >= before + grown.nbytes // 2
