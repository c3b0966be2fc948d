"""What a training computes on."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from serving.settings import setting


@dataclass(frozen=True)
class MachineSettings:
    """Device, type and threads."""

    device: str = setting("cpu", "torch device to train on", choices=("cpu", "cuda"))
    bfloat16: bool = setting(True, "computes in bfloat16 where that is safe")
    threads: int = setting(0, "CPU threads; 0 leaves the choice to torch", at_least=0)

    def use_threads(self) -> None:
        """Gives torch its threads, where their number is chosen."""
        if self.threads:
            torch.set_num_threads(self.threads)
