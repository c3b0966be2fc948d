"""Fresh weights, and weights under the keys of the original layout."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import nn

from services.layers.linear import JoinedLinear
from training.safetensors_stream import write_safetensors, write_shards

WEIGHTS = "model.safetensors"
_DTYPE = torch.bfloat16
# Bytes; a repository and a lent machine take small files only.
_LONGEST_FILE = 14 * 2**20
# What the modulated branches of a DiT, its velocities and what it is asked on the way begin at: training starts from
# an identity, and what is asked disturbs no weights that are trained further.
_ZERO = ("time_proj.weight", "scale_shift_table", "proj_out.1.weight", "answers.weight", "places.weight")
_BRANCH_ENDS = ("o_proj.weight", "down_proj.weight")
_BRANCH_GAIN = 0.3


def initialise(module: nn.Module, seed: int) -> None:
    """Norms at one, biases at zero, the rest normal by the width that it reads; ends of residual branches are small."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if name.endswith(("bias", *_ZERO)):
                parameter.zero_()
            elif parameter.ndim == 1:
                parameter.fill_(1)
            else:
                gain = _BRANCH_GAIN if name.endswith(_BRANCH_ENDS) else 1.0
                width = parameter[0].numel()
                parameter.normal_(std=gain * width**-0.5, generator=generator)


def original_tensors(module: nn.Module, prefix: str = "") -> dict[str, torch.Tensor]:
    """The parameters of a module that is not packed, by the keys of the original layout; joined ones come apart."""
    tensors: dict[str, torch.Tensor] = {}
    for name, parameter in module.named_parameters():
        path, _, leaf = name.rpartition(".")
        owner = module.get_submodule(path)
        if isinstance(owner, JoinedLinear):
            parent = path.rpartition(".")[0]
            parts = torch.split(parameter.detach(), list(owner.parts.values()))
            tensors |= {f"{prefix}{parent}.{part}.{leaf}": rows for part, rows in zip(owner.parts, parts, strict=True)}
        else:
            tensors[prefix + name] = parameter.detach()
    return tensors


def write_weights(folder: Path, tensors: Mapping[str, torch.Tensor]) -> None:
    """Writes `model.safetensors` in bfloat16, or several files and an index where one would be long."""
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    files = -(-sum(tensor.numel() for tensor in tensors.values()) * _DTYPE.itemsize // _LONGEST_FILE)
    if files > 1:
        write_shards(folder, WEIGHTS, shapes, _DTYPE, lambda name, _: tensors[name].cpu(), files)
    else:
        write_safetensors(folder / WEIGHTS, shapes, _DTYPE, lambda name, _: tensors[name].cpu())


@contextmanager
def weights(module: nn.Module, tensors: Mapping[str, torch.Tensor]) -> Iterator[None]:
    """A module that computes with other weights for a while: their average, or copies that gradients flow through."""
    owners = {name: module.get_submodule(name.rpartition(".")[0])._parameters for name in tensors}
    own = {name: parameters[name.rpartition(".")[2]] for name, parameters in owners.items()}
    try:
        for name, tensor in tensors.items():
            owners[name][name.rpartition(".")[2]] = tensor  # type: ignore[assignment]
        yield
    finally:
        for name, parameter in own.items():
            owners[name][name.rpartition(".")[2]] = parameter
