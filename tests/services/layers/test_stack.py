"""Layers that come to the device for their turn compute what layers that stay compute."""

from __future__ import annotations

import sys

import pytest
import torch
from torch import nn
from torch.nn import functional

from services.layers.linear import JoinedLinear, Linear
from services.layers.quantization import WeightForm, mapped, parts, quantized, stored_bytes
from services.layers.stack import LayerStack, weights_of
from services.runtime.checkpoints import CheckpointError, in_form, projections_in_stacks
from services.runtime.placement import BudgetError, device_bytes, place

CPU = torch.device("cpu")
LAYER_BYTES = 4 * 16 * 16


class Net(nn.Module):
    """Six layers of one projection behind a first one."""

    def __init__(self) -> None:
        super().__init__()
        self.first = Linear(16, 16)
        self.layers: LayerStack[Linear] = LayerStack(Linear(16, 16) for _ in range(6))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.first(x)
        for layer in self.layers.in_turn():
            x = x + layer(x)
        return x


def net() -> Net:
    torch.manual_seed(0)
    made = Net().requires_grad_(False)
    for parameter in made.parameters():
        parameter.normal_()
    return made


X = torch.randn(3, 16, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(("budget", "stay"), [(7, 6), (6, 3), (5, 2), (3, 0)])
def test_results_do_not_depend_on_the_budget(budget: int, stay: int) -> None:
    """Budgets in layers: the first projection, those that stay, and two on their way where not all stay."""
    expected, small = net()(X), net()
    place([small], CPU, budget * LAYER_BYTES)
    assert device_bytes([small]) == (1 + stay) * LAYER_BYTES
    for inference in (True, False):
        with torch.inference_mode(inference):
            assert torch.equal(small(X), expected)


def test_at_most_two_layers_are_on_their_way() -> None:
    small = net()
    place([small], CPU, 4 * LAYER_BYTES)
    host = places(small)
    there = [len(places(small) - host) for _ in small.layers.in_turn()]
    # Beside the one that comes, which no layer holds yet. The first layers stay.
    assert there == [0, 1, 1, 1, 1, 1]
    assert places(small) == host


def places(model: Net) -> set[int]:
    """Addresses of the layers' weights."""
    return {tensor.data_ptr() for layer in model.layers for _, _, tensor in weights_of(layer)}


def test_an_error_between_layers_leaves_nothing_behind() -> None:
    small = net()
    place([small], CPU, 3 * LAYER_BYTES)
    turns = small.layers.in_turn()
    host = places(small)
    failing = [next(turns), next(turns)]  # and the frames of its traceback keep the turns alive
    assert places(small) != host
    assert torch.equal(small(X), net()(X))
    assert places(small) == host
    assert failing


def test_a_budget_that_cannot_be_kept_is_refused() -> None:
    with pytest.raises(BudgetError, match="need 1 MiB at least"):
        place([net()], CPU, 2 * LAYER_BYTES)


@pytest.mark.parametrize(("form", "error"), [(WeightForm.INT8, 0.01), (WeightForm.FP8, 0.05)])
def test_a_weight_in_eight_bits_computes_about_the_same(form: WeightForm, error: float) -> None:
    torch.manual_seed(0)
    layer = JoinedLinear(256, {"a": 64, "b": 64}).requires_grad_(False)
    layer.weight.normal_()
    x = torch.randn(5, 256)
    exact = layer(x)
    layer.weight = nn.Parameter(quantized(layer.weight.data, form), requires_grad=False)
    layer.pack()
    assert 0 < (layer(x) - exact).norm() / exact.norm() <= error
    assert stored_bytes(layer.weight.data) <= 128 * 256 + 128 * 8


@pytest.mark.parametrize("form", list(WeightForm))
def test_a_weight_can_be_copied_part_by_part(form: WeightForm) -> None:
    weight = quantized(torch.randn(32, 64), form)
    copy = mapped(weight, torch.clone)
    assert {part.data_ptr() for part in parts(copy)}.isdisjoint(part.data_ptr() for part in parts(weight))
    x = torch.randn(2, 64)
    assert torch.equal(functional.linear(x, copy), functional.linear(x, weight))


def test_layers_in_eight_bits_come_for_their_turn_too() -> None:
    models = []
    for budget in (6, 3):
        model = net()
        for layer in model.layers.staying:
            assert isinstance(layer, Linear)
            layer.weight = nn.Parameter(in_form(layer.weight.data, WeightForm.INT8), requires_grad=False)
        place([model], CPU, LAYER_BYTES + budget * device_bytes([model.layers[0]]))
        models.append(model)
    assert [model.layers.host_bytes > 0 for model in models] == [False, True]
    with torch.inference_mode():
        assert torch.equal(models[0](X), models[1](X))


def test_only_projections_in_stacks_take_another_form() -> None:
    assert projections_in_stacks(net()) == {f"layers.{number}.weight" for number in range(6)}


def test_without_torchao_the_error_names_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torchao.quantization", None)
    with pytest.raises(CheckpointError, match=r"pip install 'quartet\[small\]'"):
        in_form(torch.ones(2, 2), WeightForm.INT8)
