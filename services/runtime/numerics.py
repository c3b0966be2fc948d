"""Types to compute in, by name, and which one a device is fastest in."""

from __future__ import annotations

import time

import torch
from torch.nn import functional

_ROWS, _WIDTH = 64, 1024
_REPEATS = 5
_CLEARLY = 1.5
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def chosen_dtype(name: str, device: torch.device) -> torch.dtype:
    """The type of a name; `auto` is the one that the device is fastest in. May be measured, so ask once."""
    return fastest_dtype(device) if name == "auto" else DTYPES[name]


def fastest_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 on a GPU and on a CPU that has instructions for it; on other CPUs what a matrix product shows.

    Where it is measured, bfloat16 must win clearly, so that a busy minute does not change what a server answers.
    """
    if device.type == "cuda" or (device.type == "cpu" and has_bfloat16_instructions()):
        return torch.bfloat16
    if _seconds(torch.float32, device) > _CLEARLY * _seconds(torch.bfloat16, device):
        return torch.bfloat16
    return torch.float32


def has_bfloat16_instructions() -> bool:
    """Whether this CPU multiplies bfloat16 itself: AMX, or AVX-512 with its bf16 part."""
    asked = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    return any(bool(getattr(torch.cpu, name)()) for name in asked if hasattr(torch.cpu, name))


def _seconds(dtype: torch.dtype, device: torch.device) -> float:
    x = torch.ones(_ROWS, _WIDTH, dtype=dtype, device=device)
    weight = torch.ones(_WIDTH, _WIDTH, dtype=dtype, device=device)
    best = float("inf")
    for _ in range(_REPEATS):
        began = time.perf_counter()
        functional.linear(x, weight).sum().item()
        best = min(best, time.perf_counter() - began)
    return best
