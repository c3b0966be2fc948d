"""The served codec as a function of the tensors of its checkpoint, so that these can be trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import nn
from torch.func import functional_call

from services.vae.checkpoint import tensor_shapes
from services.vae.config import VaeConfig
from services.vae.convolution import OverTime, TransposedConvolution
from services.vae.model import Oobleck, Posterior

_GAIN, _DIRECTION, _WEIGHT = ".weight_g", ".weight_v", ".weight"
_CODEC = "codec."
# What a residual unit adds starts small, so that a deep stack starts near the identity, and so do decoded samples.
_RESIDUAL_GAIN = 0.2
_OUTPUT_GAIN = 0.02
# Noise on the latents starts at a standard deviation of exp of this, or else they would begin as little but noise.
_SCALE = -4.0

Tensors = Mapping[str, torch.Tensor]


@dataclass(frozen=True)
class Reconstruction:
    """Decoded samples [batch, samples, channels] of latents that were drawn from a posterior."""

    pcm: torch.Tensor
    posterior: Posterior


class TrainableCodec:
    """Runs the network of `services.vae` with weights under the keys of the checkpoint, weight norm unfolded.

    Residual units whose names begin with one of `idle` are left out of the training: they are the identity, with gains
    of zero. The first width of the encoder is tied to that of the latents (spec/model.md §2.10), so at the full sample
    rate a small codec would spend most of its time there.
    """

    def __init__(self, config: VaeConfig, idle: tuple[str, ...] = ()) -> None:
        self.config = config
        self._shapes = tensor_shapes(config)
        with torch.device("meta"):
            codec = Oobleck(config)
        for name, _ in list(codec.named_modules()):
            if name.startswith(idle) and name.rpartition(".")[2].startswith("res_unit"):
                codec.set_submodule(name, nn.Identity())
        self._pass = _Pass(codec)
        self._kernels = {
            name + _WEIGHT: module for name, module in codec.named_modules() if isinstance(module, OverTime)
        }
        self._trained = {name for name, _ in codec.named_parameters()}

    def initial(self, seed: int, device: torch.device) -> dict[str, torch.Tensor]:
        """Weights to begin with, leaves that want gradients, drawn by the seed."""
        generator = torch.Generator().manual_seed(seed)
        drawn: dict[str, torch.Tensor] = {}
        for key, shape in self._shapes.items():
            if self._is_trained(key) and key.endswith(_DIRECTION):
                stem = key.removesuffix(_DIRECTION)
                drawn[key] = torch.randn(shape, generator=generator) / self._inputs(stem) ** 0.5
                gain = drawn[key].flatten(1).norm(dim=1)[:, None, None]
                drawn[stem + _GAIN] = gain * _share(stem)
        zeros = {key: torch.zeros(shape) for key, shape in self._shapes.items() if self._is_trained(key)}
        zeros["encoder.conv2.bias"][self.config.latent_channels :] = _SCALE
        return {key: tensor.to(device).requires_grad_() for key, tensor in {**zeros, **drawn}.items()}

    def reconstruct(self, weights: Tensors, pcm: torch.Tensor, noise: torch.Tensor) -> Reconstruction:
        """Encodes, draws latents with standard normal `noise` [batch, frames, latent channels], and decodes."""
        return functional_call(self._pass, self._folded(weights), (pcm, noise))  # type: ignore[no-any-return]

    def complete(self, weights: Tensors) -> dict[str, torch.Tensor]:
        """All tensors of a checkpoint in its order, those of idle units included."""
        whole: dict[str, torch.Tensor] = {}
        for key, shape in self._shapes.items():
            idle = torch.ones(shape) if key.endswith(_DIRECTION) else torch.zeros(shape)
            whole[key] = weights[key].detach().cpu() if key in weights else idle
        return whole

    def _is_trained(self, key: str) -> bool:
        return key.removesuffix("_g").removesuffix("_v") in self._trained

    def _folded(self, weights: Tensors) -> dict[str, torch.Tensor]:
        """What the network computes with, by its parameters' names."""
        folded = {}
        for key, weight in weights.items():
            if key.endswith(_DIRECTION):
                name = key.removesuffix(_DIRECTION) + _WEIGHT
                gain = weights[key.removesuffix(_DIRECTION) + _GAIN]
                kernel = weight * (gain / weight.flatten(1).norm(dim=1)[:, None, None])
                folded[_CODEC + name] = self._kernels[name].layout(kernel)
            elif not key.endswith(_GAIN):
                folded[_CODEC + key] = weight
        return folded

    def _inputs(self, stem: str) -> int:
        """Numbers that an output of a convolution is a sum over."""
        shape = self._shapes[stem + _DIRECTION]
        if isinstance(self._kernels[stem + _WEIGHT], TransposedConvolution):
            return 2 * shape[0]
        return shape[1] * shape[2]


class _Pass(nn.Module):
    """There and back."""

    def __init__(self, codec: Oobleck) -> None:
        super().__init__()
        self.codec = codec

    def forward(self, pcm: torch.Tensor, noise: torch.Tensor) -> Reconstruction:
        posterior = self.codec.encode(pcm)
        decoded = self.codec.decode(posterior.mean + posterior.std * noise)
        return Reconstruction(decoded.float(), Posterior(posterior.mean.float(), posterior.std.float()))


def _share(stem: str) -> float:
    """Share of its unit gain that a convolution starts with."""
    if ".res_unit" in stem and stem.endswith(".conv2"):
        return _RESIDUAL_GAIN
    return _OUTPUT_GAIN if stem == "decoder.conv2" else 1.0
