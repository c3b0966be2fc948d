"""Quantisation equals the check values of spec/model.md §2.8."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from services.encoder.fsq import codes_of, values_of

LEVELS = (8, 8, 8, 5, 5, 5)


@pytest.mark.parametrize(
    ("z", "code"), [((1.2, -1.2, 0.6, 0.95, -0.95, 0.4), 40775), ((0.0, 0.3, -0.7, 1.5, -3.0, 0.24), 27756)]
)
def test_codes(z: tuple[float, ...], code: int) -> None:
    """40775 is the code of the soft clamp; a plain tanh gives 42830."""
    assert codes_of(torch.tensor(z), LEVELS).item() == code


@pytest.mark.parametrize(
    ("code", "values"),
    [
        (0, (-1, -1, -1, -1, -1, -1)),
        (63999, (1, 1, 1, 1, 1, 1)),
        (12345, (-5 / 7, 1, -1, 1, 1, -1)),
        (31337, (-5 / 7, 3 / 7, -5 / 7, -0.5, 0, 0)),
    ],
)
def test_values(code: int, values: tuple[float, ...]) -> None:
    assert values_of(torch.tensor(code), LEVELS).tolist() == pytest.approx(values)


@given(st.lists(st.integers(0, 63_999), min_size=1, max_size=50))
def test_every_code_survives_its_values(codes: list[int]) -> None:
    """Values lie where the soft clamp maps to them: z = c atanh(value / c)."""
    values = values_of(torch.tensor(codes), LEVELS)
    ceiling = 1 + 1 / (torch.tensor(LEVELS) - 1)
    assert codes_of(ceiling * torch.atanh(values / ceiling), LEVELS).tolist() == codes
