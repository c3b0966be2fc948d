"""What a training computes in can be said, and is else what the machine is fastest in."""

from __future__ import annotations

import torch

from services.runtime.numerics import fastest_dtype
from training.machine import MachineSettings


def test_the_type_to_compute_in_is_chosen_by_the_user_or_by_the_machine() -> None:
    assert MachineSettings(compute="bfloat16").bfloat16
    assert not MachineSettings(compute="float32").bfloat16
    assert MachineSettings().bfloat16 is (fastest_dtype(torch.device("cpu")) is torch.bfloat16)
