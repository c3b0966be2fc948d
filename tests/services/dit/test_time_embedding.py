"""Sinusoids equal the check values of spec/model.md §2.7."""

from __future__ import annotations

import pytest
import torch

from services.dit.time_embedding import sinusoids

PLACES = [0, 1, 64, 127, 128, 129, 192, 255]
AT_ONE = (0.562379, 0.789627, -0.839072, 0.994232, 0.826880, 0.613588, -0.544021, 0.107254)
AT_HALF = (-0.883849, 0.945946, 0.283662, 0.998557, -0.467772, 0.324325, -0.958924, 0.053705)


@pytest.mark.parametrize(("t", "expected"), [(1.0, AT_ONE), (0.5, AT_HALF)])
def test_check_values(t: float, expected: tuple[float, ...]) -> None:
    assert sinusoids(torch.tensor([t]))[0, PLACES].tolist() == pytest.approx(expected, abs=2e-6)


def test_zero_is_ones_then_zeros() -> None:
    """The difference t - r at inference: constant, but not nothing."""
    embedded = sinusoids(torch.zeros(1))[0]
    assert torch.equal(embedded, torch.cat((torch.ones(128), torch.zeros(128))))


def test_the_product_is_taken_in_the_model_dtype() -> None:
    """In bfloat16 1000 t is 952 for the second turbo level (spec/model.md §5.2)."""
    level = torch.tensor([0.954545], dtype=torch.bfloat16)
    assert torch.equal(sinusoids(level).float()[0], sinusoids(torch.tensor([0.952]))[0].bfloat16().float())
