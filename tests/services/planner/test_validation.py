"""From messages to how tokens are drawn: what unset fields take."""

from __future__ import annotations

from typing import Any

import pytest

from quartet.errors import InvalidRequestError
from quartet.v1 import planner_pb2
from quartet.validation import Violations
from services.planner import validation
from services.planner.sampling import TokenSampling


def sampling(default: float = validation.TEMPERATURE, **fields: Any) -> TokenSampling:
    with Violations() as check:
        return validation.sampling(planner_pb2.TokenSampling(**fields), check, temperature=default)


def test_the_defaults_of_the_official_application() -> None:
    """spec/planner.md §4.1; analysis is cooler, because hot it makes lyrics up."""
    assert sampling() == TokenSampling(temperature=0.85, top_k=0, top_p=0.9, repetition_penalty=1.0, seed=0)
    assert sampling(validation.UNDERSTAND_TEMPERATURE).temperature == 0.3


def test_zero_is_a_temperature() -> None:
    assert sampling(temperature=0.0, top_p=1.0) == TokenSampling(temperature=0.0, top_p=1.0)


def test_the_compat_profile_leaves_two_settings_out() -> None:
    given = {"top_k": 5, "top_p": 0.5, "repetition_penalty": 1.5, "seed": 3}
    assert sampling(**given) == TokenSampling(0.85, 5, 0.5, 1.5, 3)
    compat = sampling(**given, profile=planner_pb2.SAMPLING_PROFILE_COMPAT)
    assert compat == TokenSampling(0.85, 5, 1.0, 1.0, 3)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("temperature", 2.1),
        ("temperature", float("nan")),
        ("top_p", 0.0),
        ("top_p", 1.1),
        ("repetition_penalty", 0.4),
        ("repetition_penalty", 2.1),
        ("profile", 9),
    ],
)
def test_what_is_out_of_range_names_its_field(field: str, value: Any) -> None:
    message = planner_pb2.TokenSampling(**{field: value})
    with pytest.raises(InvalidRequestError) as found, Violations() as check:
        validation.sampling(message, check, temperature=0.85)
    assert [violation.field for violation in found.value.violations] == [f"sampling.{field}"]
