"""Layers one after another, all on the device or, where that is too small for them, brought there for their turn."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import Generic, TypeVar, cast

import torch
from torch import nn

from services.layers.quantization import mapped, parts, stored_bytes

L = TypeVar("L", bound=nn.Module)
_Weights = list[tuple[nn.Module, str, torch.Tensor]]


class LayerStack(nn.ModuleList, Generic[L]):
    """A module list whose layers are asked for by `in_turn`; names of parameters are those of a module list."""

    def __init__(self, layers: Iterable[L]) -> None:
        super().__init__(layers)
        self._stream: LayerStream | None = None
        self._turns: Generator[nn.Module, None, None] | None = None

    def in_turn(self) -> Iterator[L]:
        """The layers, each with its weights on the device until the next one is asked for.

        One who did not get to the end, because a layer failed, is over when the next one begins.
        """
        if self._stream is None:
            return cast(Iterator[L], iter(self))
        if self._turns is not None:
            self._turns.close()
        self._turns = self._stream.turns()
        return cast(Iterator[L], self._turns)

    def stream(self, device: torch.device, resident: int) -> None:
        """From now on only the first layers stay on the device; the weights of the others lie in host memory."""
        self._stream = LayerStream(list(self), device, resident)

    @property
    def staying(self) -> Sequence[nn.Module]:
        """Layers whose weights stay on the device."""
        return list(self) if self._stream is None else self._stream.staying

    @property
    def host_bytes(self) -> int:
        """Bytes of weights that are not on the device."""
        return self._stream.host_bytes if self._stream else 0


class LayerStream:
    """Brings weights of layers to a device before their turn, while the layer before them computes."""

    def __init__(self, layers: Sequence[nn.Module], device: torch.device, resident: int) -> None:
        self._layers = layers
        self._device = device
        self._resident = resident
        self._host = [_pinned(weights_of(layer), device) for layer in layers[resident:]]
        self._copies = torch.cuda.Stream(device) if device.type == "cuda" else None  # type: ignore[no-untyped-call]

    @property
    def staying(self) -> Sequence[nn.Module]:
        """Layers whose weights stay on the device."""
        return self._layers[: self._resident]

    @property
    def host_bytes(self) -> int:
        """Bytes of weights that are not on the device."""
        return sum(stored_bytes(tensor) for weights in self._host for _, _, tensor in weights)

    def turns(self) -> Generator[nn.Module, None, None]:
        """All layers; at most two that do not stay are on the device at once."""
        coming = self._bring(0)
        yield from self.staying
        before = self._done()
        for number, weights in enumerate(self._host):
            self._arrive(weights, coming)
            if before is not None:
                before.synchronize()  # the host is ahead of the device, where the layer before may still compute
            coming = self._bring(number + 1)
            try:
                yield self._layers[self._resident + number]
            finally:
                _put(weights, [tensor for _, _, tensor in weights])
            before = self._done()

    def _done(self) -> torch.cuda.Event | None:
        """When a GPU will have done all that it has been asked for."""
        if self._copies is None:
            return None
        event = torch.cuda.Event()  # type: ignore[no-untyped-call]
        event.record(torch.cuda.current_stream(self._device))
        return event

    def _bring(self, number: int) -> list[torch.Tensor]:
        """Starts to copy; on a GPU beside what it computes."""
        if number >= len(self._host):
            return []
        with torch.inference_mode(False), torch.no_grad(), torch.cuda.stream(self._copies):
            return [mapped(tensor, self._copy) for _, _, tensor in self._host[number]]

    def _copy(self, tensor: torch.Tensor) -> torch.Tensor:
        return tensor.clone() if self._copies is None else tensor.to(self._device, non_blocking=True)

    def _arrive(self, weights: _Weights, copies: list[torch.Tensor]) -> None:
        """Waits for the copies on the device, not on the host, and computes with them."""
        if self._copies is not None:
            computing = torch.cuda.current_stream(self._device)
            computing.wait_stream(self._copies)
            for part in (part for copy in copies for part in parts(copy)):
                part.record_stream(computing)
        _put(weights, copies)


def weights_of(module: nn.Module) -> _Weights:
    """Parameters of a module as their owner, their name in it, and what they hold."""
    named = (
        (owner, name, parameter.data)
        for owner in module.modules()
        for name, parameter in owner.named_parameters(recurse=False)
    )
    return list(named)


def move_own(module: nn.Module, device: torch.device) -> None:
    """Moves the parameters of a module, not of those within it."""
    weights = [(module, name, parameter.data) for name, parameter in module.named_parameters(recurse=False)]
    _put(weights, [tensor.to(device) for _, _, tensor in weights])


@torch.inference_mode(False)  # parameters are no inference tensors, and most of this happens in inference mode
def _put(weights: _Weights, tensors: Sequence[torch.Tensor]) -> None:
    for (owner, name, _), tensor in zip(weights, tensors, strict=True):
        setattr(owner, name, nn.Parameter(tensor, requires_grad=False))


def _pinned(weights: _Weights, device: torch.device) -> _Weights:
    """Weights in memory from which a GPU copies by itself."""
    if device.type != "cuda":
        return weights
    held = [(owner, name, mapped(tensor, torch.Tensor.pin_memory)) for owner, name, tensor in weights]
    _put(held, [tensor for _, _, tensor in held])
    return held
