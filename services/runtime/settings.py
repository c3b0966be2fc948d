"""Settings that all stage servers share."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import torch

from quartet.models.family import default_variant
from services.runtime.allocator import use_huge_pages
from services.runtime.cores import usable_cores
from services.runtime.numerics import DTYPES, chosen_dtype
from services.runtime.turnstile import Turnstile
from serving.settings import ServerSettings, SettingsError, setting


@dataclass(frozen=True)
class StageSettings(ServerSettings):
    """What every stage server can be told."""

    models: Path = setting(Path("models/nano"), "folder of a model family in the original layout")
    device: str = setting("auto", "torch device; auto takes cuda where there is one, else cpu")
    dtype: str = setting(
        "auto",
        "type to compute in; auto takes bfloat16 where the device is fast in it, else float32",
        choices=("auto", *DTYPES),
    )
    threads: int = setting(
        0, "CPU threads of the network; 0 takes as many as there are cores, within a container's limit", at_least=0
    )
    max_queued_items: int = setting(64, "items that may wait for the engine", at_least=1)

    turnstile: Path | None = setting(
        None,
        "file by which the stages of a machine compute one after another on a CPU, and on a GPU with --share-device",
    )
    share_device: bool = setting(
        False, "holds the GPU in turns of a second and gives back what it does not keep, for small ones"
    )

    deterministic: bool = setting(False, "computes one item at a time, so that not even low bits depend on others")

    def turns(self) -> AbstractContextManager[object] | None:
        """What the engine holds while it computes; None where it need not ask."""
        if self.share_device and self.turnstile is None:
            raise SettingsError("--share-device: needs the file by which the stages take turns; give --turnstile too")
        on_gpu = self.torch_device().type == "cuda"
        if self.turnstile is None or (on_gpu and not self.share_device):
            return None
        try:
            return Turnstile(self.turnstile, before_leaving=torch.cuda.empty_cache if on_gpu else lambda: None)
        except OSError as error:
            raise SettingsError(f"--turnstile: {self.turnstile} cannot be opened: {error.strerror}") from None

    def torch_device(self) -> torch.device:
        """The device. Raises SettingsError where it is unknown or absent."""
        if self.device == "auto":
            return torch.device("cuda" if torch.cuda.is_available() else "cpu")
        try:
            device = torch.device(self.device)
        except RuntimeError:
            raise SettingsError(f"--device: {self.device!r} is not a torch device; use cpu or cuda") from None
        if device.type == "cuda" and not torch.cuda.is_available():
            raise SettingsError("--device: this machine or this build of torch has no CUDA; use cpu")
        return device

    def torch_dtype(self) -> torch.dtype:
        """The type to compute in. May be measured, so ask once."""
        return chosen_dtype(self.dtype, self.torch_device())

    def apply_to_process(self) -> None:
        """Sets torch's CPU threads and the pages of its tensors for this process."""
        use_huge_pages()
        torch.set_num_threads(self.threads or min(torch.get_num_threads(), usable_cores()))


@dataclass(frozen=True)
class VariantSettings(StageSettings):
    """Of the stages that serve parts of a DiT package."""

    variant: str = setting(
        "", "DiT package within the family, also the model's name; empty takes its only one, or acestep-v15-turbo"
    )

    @property
    def chosen_variant(self) -> str:
        """The name of the package."""
        return self.variant or default_variant(self.models)
