"""Convolutions over time on [batch, time, channels], as those of images.

Channels that lie side by side in memory are what the kernels of CPUs and tensor cores read fastest: measured in
bfloat16 at 128 channels and 48 kHz, 400 GFLOP/s against 220 of the same convolution over [batch, channels, time].

A weight is loaded as it lies in a checkpoint and computed with as the kernel of an image; `layout` leads from the one
to the other and carries gradients back.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from services.layers.packable import Packable


class OverTime(Packable):
    """A convolution over time."""

    weight: nn.Parameter

    def layout(self, weight: torch.Tensor) -> torch.Tensor:
        """The kernel of an image [out, in, width, 1], contiguous, from the weight of a checkpoint.

        For small images in float32 CPUs take code that gives gradients to contiguous kernels alone.
        """
        raise NotImplementedError

    def pack(self) -> None:
        """Replaces the weight of the checkpoint by the kernel, channels side by side; once."""
        kernel = self.layout(self.weight.data).contiguous(memory_format=torch.channels_last)
        self.weight = nn.Parameter(kernel, requires_grad=False)


class Convolution(OverTime):
    """A convolution whose kernel of odd width is loaded as [out, in, width]; output as long as the input."""

    def __init__(self, channels: int, out: int, width: int, *, dilation: int = 1, bias: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(out, channels, width))
        self.bias = nn.Parameter(torch.empty(out)) if bias else None
        self._dilation = dilation
        self._padding = width // 2

    def layout(self, weight: torch.Tensor) -> torch.Tensor:
        """The same numbers."""
        return weight[..., None]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[batch, time, out]."""
        return _over_time(x, self.weight, self.bias, padding=self._padding, dilation=self._dilation)


class StridedConvolution(OverTime):
    """Shortens time by an even ratio, with a kernel of twice the ratio that is loaded as [out, in, width].

    Each output reads two blocks of inputs: it is a plain convolution over two blocks with `ratio` times the channels.
    """

    def __init__(self, channels: int, out: int, ratio: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(out, channels, 2 * ratio))
        self.bias = nn.Parameter(torch.empty(out))
        self._ratio = ratio

    def layout(self, weight: torch.Tensor) -> torch.Tensor:
        """The kernel over blocks [out, ratio * in, 2, 1]."""
        out, channels, _ = weight.shape
        halves = weight.view(out, channels, 2, self._ratio)
        return halves.permute(0, 3, 1, 2).reshape(out, self._ratio * channels, 2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[batch, floor(time / ratio), out]; samples beyond the last whole block count as its neighbours."""
        ratio, blocks = self._ratio, x.shape[1] // self._ratio + 1
        padded = functional.pad(x, (0, 0, ratio // 2, ratio))[:, : blocks * ratio]
        return _over_time(padded.reshape(len(x), blocks, -1), self.weight, self.bias)


class TransposedConvolution(OverTime):
    """Lengthens time by an even ratio, with a kernel of twice the ratio that is loaded as [in, out, width].

    Each input reaches two blocks of outputs, its own and the next. So a block is a plain convolution over two inputs
    with `ratio` times the channels, and the blocks, end to end, are the output with half a ratio too much on both ends.
    """

    def __init__(self, channels: int, out: int, ratio: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(channels, out, 2 * ratio))
        self.bias = nn.Parameter(torch.empty(out))
        self._ratio = ratio

    def layout(self, weight: torch.Tensor) -> torch.Tensor:
        """The kernel of blocks [ratio * out, in, 2, 1]: the second half acts on the input before."""
        channels, out, _ = weight.shape
        halves = weight.view(channels, out, 2, self._ratio).flip(2)
        return halves.permute(3, 1, 0, 2).reshape(self._ratio * out, channels, 2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[batch, ratio * time, out]."""
        blocks = _over_time(x, self.weight, self.bias.repeat(self._ratio), padding=1)
        samples = blocks.reshape(len(x), blocks.shape[1] * self._ratio, -1)
        return samples[:, self._ratio // 2 : samples.shape[1] - self._ratio // 2]


def _over_time(
    x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, *, padding: int = 0, dilation: int = 1
) -> torch.Tensor:
    """[batch, time, out] of [batch, time, channels].

    With a dilation d, samples that are d apart are neighbours in a column of an image d wide. The kernels of CPUs for
    dilated convolutions add in an order that depends on the length; those for plain ones, tested bit for bit, do not.
    In training, time without dilation lies along the width: that order depends on the length, but the gradient of the
    kernel, where CPUs are slow at images one wide, takes a fifth of the time.
    """
    batch, time, channels = x.shape
    if dilation == 1 and weight.requires_grad:
        image = x.reshape(batch, 1, time, channels).permute(0, 3, 1, 2)
        out = functional.conv2d(image, weight.transpose(2, 3), bias, padding=(0, padding)).permute(0, 2, 3, 1)
        return out.reshape(batch, -1, len(weight))
    if time % dilation:
        x = functional.pad(x, (0, 0, 0, -time % dilation))
    image = x.reshape(batch, -1, dilation, channels).permute(0, 3, 1, 2)
    out = functional.conv2d(image, weight, bias, padding=(padding, 0)).permute(0, 2, 3, 1)
    samples = out.reshape(batch, -1, len(weight))
    return samples[:, :time] if dilation > 1 else samples
