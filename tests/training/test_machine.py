"""What a training computes in can be said, and is else what the device is fastest in."""

from __future__ import annotations

import pytest
import torch

from services.runtime import numerics
from training.machine import MachineSettings


@pytest.mark.parametrize("fastest", [torch.float32, torch.bfloat16])
def test_the_type_to_compute_in_is_the_users_or_the_fastest(
    fastest: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numerics, "fastest_dtype", lambda device: fastest)
    assert MachineSettings().bfloat16 is (fastest is torch.bfloat16)
    assert MachineSettings(dtype="bfloat16").bfloat16
    assert not MachineSettings(dtype="float32").bfloat16
