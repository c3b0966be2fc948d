"""What a training computes on."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from services.runtime.numerics import chosen_dtype
from serving.settings import setting


@dataclass(frozen=True)
class MachineSettings:
    """Device, type and threads."""

    device: str = setting("cpu", "torch device to train on", choices=("cpu", "cuda"))
    dtype: str = setting(
        "auto",
        "type to compute in where that is safe; auto takes what the device is fastest in",
        choices=("auto", "float32", "bfloat16"),
    )
    threads: int = setting(0, "CPU threads; 0 leaves the choice to torch", at_least=0)

    def torch_dtype(self) -> torch.dtype:
        """The type to compute in. May be measured, so ask once."""
        return chosen_dtype(self.dtype, torch.device(self.device))

    @property
    def bfloat16(self) -> bool:
        """Whether it computes in bfloat16."""
        return self.torch_dtype() is torch.bfloat16

    def use_threads(self) -> None:
        """Gives torch its threads, where their number is chosen."""
        if self.threads:
            torch.set_num_threads(self.threads)
