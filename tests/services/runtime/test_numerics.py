"""The type to compute in follows the device."""

from __future__ import annotations

import pytest
import torch

from services.runtime import numerics
from services.runtime.settings import StageSettings

CPU = torch.device("cpu")


def test_a_cpu_with_instructions_for_it_takes_bfloat16(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numerics, "has_bfloat16_instructions", lambda: True)
    assert numerics.fastest_dtype(CPU) == torch.bfloat16


@pytest.mark.parametrize(
    ("single", "half", "expected"), [(1.0, 0.5, torch.bfloat16), (1.0, 0.8, torch.float32), (1.0, 9.0, torch.float32)]
)
def test_elsewhere_it_must_win_clearly(
    monkeypatch: pytest.MonkeyPatch, single: float, half: float, expected: torch.dtype
) -> None:
    monkeypatch.setattr(numerics, "has_bfloat16_instructions", lambda: False)
    monkeypatch.setattr(numerics, "_seconds", lambda dtype, device: single if dtype == torch.float32 else half)
    assert numerics.fastest_dtype(CPU) == expected


def test_what_is_measured_takes_time() -> None:
    assert numerics._seconds(torch.float32, CPU) > 0


def test_a_setting_overrides_it() -> None:
    assert StageSettings(device="cpu", dtype="float32").torch_dtype() == torch.float32
    assert StageSettings(device="cpu", dtype="auto").torch_dtype() == numerics.fastest_dtype(CPU)
