"""Where weights lie: all on the device, or as many as a budget allows and the others in host memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import torch
from torch import nn

from services.layers.packable import Packable
from services.layers.quantization import stored_bytes
from services.layers.stack import LayerStack, move_own, weights_of
from serving.server import StartupError

# A layer that computes, and the next one on its way.
_LAYERS_ON_THEIR_WAY = 2


class BudgetError(StartupError):
    """The budget is below what cannot be left in host memory."""


class Destination(TypedDict):
    """What `load_module` is told of where weights go."""

    device: torch.device
    pack: bool


def weight_budget(mebibytes: int) -> int | None:
    """A budget in bytes; None for 0."""
    return mebibytes * 2**20 or None


def at_first(device: torch.device, budget: int | None) -> Destination:
    """Weights with a budget go to host memory, unpacked, until they are placed."""
    return {"device": device, "pack": True} if budget is None else {"device": torch.device("cpu"), "pack": False}


def place(modules: Sequence[nn.Module], device: torch.device, budget: int) -> None:
    """Moves modules from host memory to a device, with at most `budget` bytes of weights there at any time.

    What is outside of layer stacks stays there, then as many layers as fit; the others come for their turn. Layers that
    stay are packed where packing makes them faster. Raises BudgetError that names the least budget.
    """
    stacks = [stack for module in modules for stack in module.modules() if isinstance(stack, LayerStack)]
    layers = [layer for stack in stacks for layer in stack]
    in_layers = sum(_bytes(layer) for layer in layers)
    outside = sum(_bytes(module) for module in modules) - in_layers
    room = budget - outside
    if in_layers > room:
        room -= _LAYERS_ON_THEIR_WAY * max(_bytes(layer) for layer in layers)
        if room < 0:
            raise BudgetError(f"--weights-mib: the weights need {-(-(budget - room) // 2**20)} MiB at least")
        for stack in stacks:
            resident = min(room // _bytes(stack[0]), len(stack))
            room -= resident * _bytes(stack[0])
            if resident < len(stack):
                stack.stream(device, resident)
    for module in modules:
        _settle(module, device)


def _settle(module: nn.Module, device: torch.device) -> None:
    """Moves and packs a module, but for layers that stay in host memory."""
    if isinstance(module, LayerStack):
        staying: Sequence[nn.Module] = module.staying
    else:
        move_own(module, device)
        staying = list(module.children())
        if isinstance(module, Packable):
            module.pack()
    for child in staying:
        _settle(child, device)


def device_bytes(modules: Sequence[nn.Module]) -> int:
    """Bytes of weights that stay on the device."""
    stacks = [stack for module in modules for stack in module.modules() if isinstance(stack, LayerStack)]
    return sum(_bytes(module) for module in modules) - sum(stack.host_bytes for stack in stacks)


def _bytes(module: nn.Module) -> int:
    return sum(stored_bytes(tensor) for _, _, tensor in weights_of(module))
